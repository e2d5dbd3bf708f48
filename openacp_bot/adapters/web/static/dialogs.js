// The two dialogs: a new chat, and the question before something is deleted.

import { h } from "./dom.js";
import { choiceButtons } from "./fields.js";

function open(dialog) {
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.showModal();
}

function datalist(id, values) {
  return h("datalist", { id }, ...values.map((value) => h("option", { value })));
}

/** `app`: link, act(name, values) → reply, press(token) → reply, open(session). */
export class NewChat {
  constructor(app) {
    this.app = app;
  }

  async show() {
    if (document.getElementById("new-chat-dialog")) return;
    let choices;
    try {
      choices = await this.app.link.ask("choices");
    } catch (error) {
      return this.app.refuse(error.message);
    }
    if (!document.getElementById("new-chat-dialog")) this.build(choices);
  }

  build(choices) {
    const agents = choices.agents.map(({ name, provider }) =>
      h("option", { value: name, selected: name === choices.default }, provider ? `${name} (${provider})` : name),
    );
    this.choices = choices;
    this.agent = h("select", { id: "chat-agent" }, ...agents);
    this.model = h("input", { id: "chat-model", list: "chat-models", autocomplete: "off" });
    this.models = datalist("chat-models", []);
    this.workspace = h("input", { id: "chat-workspace", list: "chat-workspaces", autocomplete: "off", required: true });
    this.workspace.value = choices.workspaces[0] ?? choices.base;
    this.answer = h("div", { class: "refusal", role: "alert", hidden: true });
    this.start = h("button", { class: "main-button" }, "Start");
    const form = h(
      "form",
      { method: "dialog" },
      h("h2", { id: "new-chat-title" }, "New chat"),
      field("Agent", this.agent),
      field("Model", this.model, this.models),
      field("Workspace", this.workspace, datalist("chat-workspaces", [...new Set([...choices.workspaces, choices.base])])),
      this.answer,
      h("div", { class: "choices last" }, cancelButton(() => this.dialog.close()), this.start),
    );
    form.addEventListener("submit", (event) => this.submit(event));
    form.addEventListener("input", () => (this.answer.hidden = true)); // what was offered is for what stood there before
    this.agent.addEventListener("change", () => this.fillModels());
    this.dialog = h("dialog", { id: "new-chat-dialog", "aria-labelledby": "new-chat-title" }, form);
    this.fillModels();
    open(this.dialog);
    this.workspace.select();
  }

  fillModels() {
    const agent = this.choices.agents.find(({ name }) => name === this.agent.value);
    this.model.value = "";
    this.model.placeholder = agent?.model || "the agent's own default";
    this.models.replaceChildren(...(agent?.models ?? []).map((value) => h("option", { value })));
  }

  async submit(event) {
    event.preventDefault();
    const values = { agent: this.agent.value, workspace: this.workspace.value.trim() };
    if (this.model.value.trim()) values.model = this.model.value.trim();
    this.start.disabled = true;
    try {
      this.take(await this.app.act("new", values));
    } finally {
      this.start.disabled = false;
    }
  }

  take(reply) {
    if (reply && !reply.refused && reply.session) {
      this.dialog.close();
      return this.app.open(reply.session);
    }
    if (!reply) {
      // The daemon did it, but restarted before its answer came.
      this.dialog.close();
      return this.app.refuse("The answer was lost. If the chat was started, it stands in the list.");
    }
    const press = async (choice) => this.take(await this.app.pressed(choice.token));
    const choices = reply.choices.filter(({ label }) => label !== "Cancel"); // the dialog has that button itself
    this.answer.hidden = false;
    this.answer.replaceChildren(
      h("p", {}, reply.text || "That did not start a chat."),
      choices.length ? choiceButtons(choices, press) : "",
    );
  }
}

function field(label, input, more = null) {
  return h("div", { class: "field" }, h("label", { for: input.id }, label), input, more);
}

function cancelButton(run) {
  return h("button", { type: "button", class: "plain-button", onclick: run }, "Cancel");
}

/** Ask before `run`. */
export function confirmDelete(row, run) {
  const dialog = h(
    "dialog",
    { "aria-labelledby": "delete-title", "aria-describedby": "delete-words" },
    h("h2", { id: "delete-title" }, "Delete session?"),
    h("p", { id: "delete-words" }, `“${row.title}” and everything said in it will be gone for good. Files in its workspace stay.`),
  );
  const remove = h("button", { type: "button", class: "danger-button" }, "Delete");
  remove.addEventListener("click", () => {
    dialog.close();
    run();
  });
  dialog.append(h("div", { class: "choices last" }, cancelButton(() => dialog.close()), remove));
  open(dialog);
}

// What waits behind the running turn.

import { h } from "./dom.js";
import { actionOn, pressOnce } from "./fields.js";

export class Queue {
  /** `app`: command(name, session, values), current. */
  constructor(app) {
    this.app = app;
    this.editing = "";
    this.element = h("section", { class: "queue", "aria-label": "Queue", hidden: true });
  }

  show(view) {
    this.view = view;
    this.element.hidden = view.queue.length === 0;
    if (!view.queue.some(({ id }) => id === this.editing)) this.editing = "";
    if (this.editing && this.element.querySelector("textarea")) return; // what is being written stays
    const clear = h("button", { type: "button", class: "quiet-button", onclick: () => this.once(() => this.act({ do: "clear" })) }, "Clear");
    this.element.replaceChildren(
      h("header", {}, h("h2", {}, this.title(view)), clear),
      h("ol", { role: "list" }, ...view.queue.map((prompt, index) => this.line(prompt, index + 1))),
    );
  }

  title(view) {
    const count = view.queue.length === 1 ? "1 message" : `${view.queue.length} messages`;
    if (view.held) return `${count} held`;
    return view.phase === "launching" ? `${count} · the agent is starting` : `${count} queued`;
  }

  line(prompt, number) {
    if (prompt.id === this.editing) return this.editor(prompt, number);
    const isOurs = prompt.by === "continue"; // the words are not the person's own
    return h(
      "li",
      {},
      h("span", { class: "number" }, `${number}.`),
      h("span", { class: "text", title: prompt.text }, isOurs ? "Continue" : prompt.text),
      this.button(prompt, "Send now", () => this.act({ do: "now", prompt: prompt.id })),
      isOurs ? null : this.button(prompt, "Edit", () => this.edit(prompt.id)),
      this.button(prompt, "Remove", () => this.act({ do: "remove", prompt: prompt.id })),
    );
  }

  editor(prompt, number) {
    const text = h("textarea", { rows: "2", "aria-label": "Queued prompt" });
    text.value = prompt.text;
    const keep = () => {
      const changed = text.value.trim();
      this.edit("");
      if (changed && changed !== prompt.text) this.act({ do: "edit", prompt: prompt.id, text: changed });
    };
    text.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.edit("");
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        keep();
      }
    });
    const cancel = this.button(prompt, "Cancel", () => this.edit(""));
    return h("li", {}, h("span", { class: "number" }, `${number}.`), text, this.button(prompt, "Save", keep), cancel);
  }

  button(prompt, label, run) {
    return actionOn(prompt, label, () => this.once(run));
  }

  once(run) {
    return pressOnce(this.element, async () => run());
  }

  act(values) {
    return this.app.command("queue", this.app.current, values);
  }

  edit(id) {
    this.editing = id;
    this.element.replaceChildren();
    this.show(this.view);
    this.element.querySelector("textarea")?.focus();
  }
}

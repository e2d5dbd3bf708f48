// A question of the agent: everything one needs to decide, and the agent's own answers as buttons.

import { h, icon } from "./dom.js";
import { formOf, pressOnce } from "./fields.js";
import { diffOf, inputOf } from "./tools.js";
import { dayAndTime, fullTime } from "./words.js";

const KINDS = {
  read: "wants to read",
  edit: "wants to edit",
  delete: "wants to delete",
  move: "wants to move",
  search: "wants to search",
  execute: "wants to run a command",
  fetch: "wants to fetch",
  think: "wants to think",
  switch_mode: "wants to switch its mode",
};

const LOOKS = {
  allow_once: "main-button",
  allow_always: "good-button",
  allow_session: "good-button",
  reject_once: "plain-button",
  reject_always: "danger-button",
  choice: "main-button",
  submit: "main-button",
};

/** The call without its raw input where the command or the diff says the same. */
function essence(call) {
  return call.command || call.diffs.length ? { ...call, input: "" } : call;
}

/** `press(token, values)` resolves when the daemon has taken the answer. */
export class QuestionCard {
  constructor(item, press) {
    this.press = press;
    this.element = h("div");
    this.drawn = "";
    this.update(item);
  }

  update(item) {
    const isOpen = !item.settled;
    this.element.className = `item question${isOpen ? " open" : ""}`;
    const drawn = JSON.stringify(item);
    if (drawn === this.drawn) return; // an input that is being filled in stays
    this.drawn = drawn;
    this.item = item;
    this.form = isOpen && item.fields.length ? formOf(item.fields) : null;
    this.element.replaceChildren(
      h(
        "div",
        { class: "box", role: "group", "aria-label": item.call ? "Permission" : "Question" },
        h("span", { class: "kind" }, icon(item.call ? "lock" : "think"), this.kind()),
        h("h3", {}, item.title),
        item.body && h("p", { class: "body" }, item.body),
        ...(item.call ? [...inputOf(essence(item.call)), ...item.call.diffs.map(diffOf)] : []),
        this.form?.element,
        isOpen ? this.buttons() : this.decision(),
      ),
    );
  }

  /** A settlement that came without its question, which is older than what the daemon holds. */
  settle(settled) {
    this.update({ ...this.item, settled });
  }

  kind() {
    if (!this.item.call) return "The agent asks";
    return `The agent ${KINDS[this.item.call.does] ?? "wants to use a tool"}`;
  }

  buttons() {
    const row = h("div", { class: "choices" });
    for (const option of this.item.options) {
      const button = h("button", { type: "button", class: LOOKS[option.does] ?? "plain-button" }, option.label);
      button.addEventListener("click", () => this.choose(option, row));
      row.append(button);
    }
    return row;
  }

  async choose(option, row) {
    const values = this.form && option.does !== "decline" ? this.form.read() : {};
    if (values) await pressOnce(row, () => this.press(option.token, values));
  }

  decision() {
    const { line, at, allowed } = this.item.settled;
    const look = allowed ? " allowed" : " refused";
    const when = h("time", { title: fullTime(at) }, dayAndTime(at));
    return h("p", { class: `decided${look}` }, `${line} · `, when);
  }
}

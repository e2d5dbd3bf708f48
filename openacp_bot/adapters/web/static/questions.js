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

/** The call with each path and command told once: a diff names its file, and a raw input repeats the rest. */
function essence(call, title) {
  const files = call.diffs.map(({ path }) => path);
  const places = call.places.filter((place) => !files.includes(place.replace(/:\d+$/, "")) && place !== title);
  const saysMore = !call.command && !files.length && !repeats(call.input, call.places);
  return { ...call, places, command: call.command === title ? "" : call.command, input: saysMore ? call.input : "" };
}

/** Whether a raw input has nothing but the paths. */
function repeats(input, places) {
  try {
    return Object.values(JSON.parse(input)).every((value) => places.includes(value));
  } catch {
    return false;
  }
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
    const name = item.call ? "Permission" : "Question";
    this.element.className = `item question${isOpen ? " open" : ""}`;
    const drawn = JSON.stringify(item);
    if (drawn === this.drawn) return; // an input that is being filled in stays
    this.drawn = drawn;
    this.item = item;
    this.form = isOpen && item.fields.length ? formOf(item.fields) : null;
    this.element.replaceChildren(h("div", { class: "box", role: "group", "aria-label": name }, ...(isOpen ? this.whole() : this.folded())));
  }

  whole() {
    const { item } = this;
    const title = h("h3", { class: item.call?.command === item.title ? "command" : null }, item.title);
    return [h("span", { class: "kind" }, this.mark(), this.kind()), title, ...this.words(), this.form?.element, this.buttons()].filter(Boolean);
  }

  /** What was decided, in a line, and what a form was answered with; the rest on demand, if there is more. */
  folded() {
    const title = h("span", { class: "name", title: this.item.title }, this.item.title);
    const line = [this.mark(), title, this.decision()];
    const more = this.words();
    const told = more.length ? h("details", {}, h("summary", {}, ...line, icon("chevron")), ...more) : h("div", { class: "told" }, ...line);
    return [told, this.given()].filter(Boolean);
  }

  given() {
    const { given } = this.item.settled;
    if (!given.length) return null;
    return h("dl", { class: "given" }, ...given.map(({ label, value }) => h("div", {}, h("dt", {}, label), h("dd", {}, value))));
  }

  mark() {
    return icon(this.item.call ? "lock" : "think");
  }

  words() {
    const { body, call, title } = this.item;
    return [body && h("p", { class: "body" }, body), ...(call ? [...inputOf(essence(call, title)), ...call.diffs.map(diffOf)] : [])].filter(Boolean);
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
    return h("span", { class: `decided${look}` }, `${line} · `, when);
  }
}

// The command palette: opens while the text is a slash and the beginning of a name.

import { h } from "./dom.js";

/** Whether a command can do anything in this session as it is. */
function makesSense({ name, agent }, view) {
  if (agent || !view) return true;
  if (name === "restore") return view.archived;
  if (name === "pin") return !view.pinned;
  if (name === "unpin") return view.pinned;
  return name !== "archive" || !view.pinned;
}

export class Palette {
  constructor(app, form, text, changed) {
    this.app = app;
    this.text = text;
    this.changed = changed;
    this.found = [];
    this.index = 0;
    this.menu = { session: null, commands: [] };
    this.list = h("ul", { class: "palette", role: "listbox", id: "palette", "aria-label": "Commands", hidden: true });
    form.append(this.list);
    text.setAttribute("aria-controls", "palette");
    text.addEventListener("blur", () => setTimeout(() => this.close(), 150));
  }

  get isOpen() {
    return !this.list.hidden;
  }

  async follow() {
    const typed = /^\/(\S*)$/.exec(this.text.value)?.[1];
    if (typed === undefined) return this.close();
    if (this.menu.session !== this.app.current || !this.isOpen) await this.load();
    const now = /^\/(\S*)$/.exec(this.text.value)?.[1];
    if (now !== undefined) this.draw(now.toLowerCase());
  }

  /** What the agent offers may change at any time, so each opening asks. */
  async load() {
    const session = this.app.current;
    const told = await this.app.link.ask("menu", { session }).catch(() => null);
    if (told) this.menu = { session, commands: told.commands.filter((command) => makesSense(command, this.app.view)) };
  }

  draw(typed) {
    const begins = this.menu.commands.filter(({ name }) => name.toLowerCase().startsWith(typed));
    const within = this.menu.commands.filter(({ name }) => name.toLowerCase().indexOf(typed) > 0);
    this.found = [...begins, ...within];
    this.index = 0;
    this.list.replaceChildren(...this.found.map((command, index) => this.line(command, index)));
    this.list.hidden = this.found.length === 0;
    this.mark();
  }

  line(command, index) {
    const usage = `/${command.name} ${command.usage}`.trim();
    const line = h(
      "li",
      { role: "option", id: `command-${index}`, "aria-selected": "false" },
      h("span", { class: "name" }, usage),
      h("span", { class: "what" }, command.agent ? `${command.summary || "the agent's own"} · agent` : command.summary),
    );
    line.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the text keeps the focus
      this.take(index);
    });
    return line;
  }

  mark() {
    [...this.list.children].forEach((line, index) => line.setAttribute("aria-selected", String(index === this.index)));
    this.list.children[this.index]?.scrollIntoView({ block: "nearest" });
    if (this.isOpen && this.found.length) this.text.setAttribute("aria-activedescendant", `command-${this.index}`);
    else this.text.removeAttribute("aria-activedescendant");
  }

  /** Whether the key was for the palette. */
  pressed(event) {
    if (!this.isOpen) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.index = (this.index + step + this.found.length) % this.found.length;
      this.mark();
    } else if (event.key === "Escape") this.close();
    else if (event.key === "Tab" || (event.key === "Enter" && !this.isWritten())) this.take(this.index);
    else return false;
    event.preventDefault();
    return true;
  }

  /** Whether the whole name stands there already, so that Enter sends it. */
  isWritten() {
    return this.text.value === `/${this.found[this.index].name}`;
  }

  take(index) {
    this.text.value = `/${this.found[index].name} `;
    this.close();
    this.changed();
    this.text.focus();
  }

  close() {
    this.list.hidden = true;
    this.text.removeAttribute("aria-activedescendant");
  }
}

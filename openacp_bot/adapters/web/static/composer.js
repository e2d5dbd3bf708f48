// Where one writes: draft per session, Enter sends, Stop while a turn runs.

import { h } from "./dom.js";
import { Palette } from "./palette.js";

const isTouch = matchMedia("(pointer: coarse)");

export class Composer {
  /** `app`: link, current, send(text), stop(). */
  constructor(app) {
    this.app = app;
    this.text = h("textarea", { rows: "1", "aria-label": "Message", placeholder: "Message the agent, or / for commands", autocomplete: "off" });
    this.note = h("span", { class: "note" });
    this.sendButton = h("button", { type: "submit", class: "main-button" }, "Send");
    this.stopButton = h("button", { type: "button", class: "danger-button", hidden: true, onclick: () => app.stop() }, "Stop");
    this.element = h("form", { class: "composer" }, this.text, h("div", { class: "buttons" }, this.note, this.stopButton, this.sendButton));
    this.palette = new Palette(app, this.element, this.text, () => this.changed());
    this.element.addEventListener("submit", (event) => this.submit(event));
    this.text.addEventListener("input", () => this.changed());
    this.text.addEventListener("keydown", (event) => this.pressed(event));
  }

  /** Another session is shown. */
  begin(session) {
    this.session = session;
    this.text.value = localStorage.getItem(`draft:${session}`) ?? "";
    this.note.textContent = "";
    this.palette.close();
    this.resize();
    const isWritingElsewhere = document.activeElement?.matches("input, textarea, select");
    if (!isTouch.matches && !isWritingElsewhere) this.text.focus();
  }

  show(view) {
    const isBusy = ["running", "waiting", "cancelling"].includes(view.phase) || (view.phase === "launching" && view.queue.length > 0);
    this.stopButton.hidden = !isBusy;
    this.sendButton.title = isBusy ? "Queues behind the running turn" : "";
    this.note.className = "note";
    this.note.textContent = this.hint(view, isBusy);
  }

  hint(view, isBusy) {
    if (view.phase === "ending") return "The agent is ending; a message wakes it again.";
    if (isBusy) return "Messages queue until the turn is over.";
    return view.phase === "asleep" && view.state !== "active" ? "A message wakes the agent." : "";
  }

  changed() {
    const key = `draft:${this.session}`;
    if (this.text.value) localStorage.setItem(key, this.text.value);
    else localStorage.removeItem(key);
    this.resize();
    this.palette.follow();
  }

  resize() {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
  }

  pressed(event) {
    if (event.isComposing || this.palette.pressed(event)) return;
    if (event.key !== "Enter" || event.shiftKey || (isTouch.matches && !event.ctrlKey)) return;
    event.preventDefault();
    this.element.requestSubmit();
  }

  submit(event) {
    event.preventDefault();
    const text = this.text.value.trim();
    if (!text) return;
    if (this.isTooLong(text)) {
      this.note.className = "note bad";
      this.note.textContent = "This is too long for one message. Put it into a file in the workspace and name its path.";
      return;
    }
    this.text.value = "";
    this.changed();
    this.app.send(text);
  }

  /** By the daemon's own limit, which counts a character as one however many units it has here. */
  isTooLong(text) {
    const { longest } = this.app.link;
    return text.length > longest && [...text].length > longest;
  }

  /** What was not taken comes back, unless something else is being written. */
  giveBack(session, text) {
    const key = `draft:${session}`;
    if (localStorage.getItem(key)) return;
    localStorage.setItem(key, text);
    if (session !== this.session || this.text.value) return;
    this.text.value = text;
    this.resize();
  }
}

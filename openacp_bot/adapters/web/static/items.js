// One view per kind of item. Each has an element and `update(item)`; texts take deltas.

import { h, icon, rendered, unseen } from "./dom.js";
import { actionOn, choiceButtons } from "./fields.js";
import { QuestionCard } from "./questions.js";
import { fileOf, ToolStrip } from "./tools.js";
import { dayAndTime, fullTime } from "./words.js";

/** The view of an item. `room`: press(token, values, element), answer(token, values), sendAgain(text), opensTools(). */
export function viewOf(item, room) {
  switch (item.kind) {
    case "prompt":
      return redrawn(item, (prompt) => promptOf(prompt, room));
    case "text":
      return new GrowingWords(item, h("div", { class: "item text" }));
    case "thought":
      return new Thought(item);
    case "tool":
      return new ToolStrip(item, { isOpen: room.opensTools() });
    case "plan":
      return redrawn(item, planOf);
    case "file":
      return redrawn(item, (file) => h("div", { class: "item file" }, fileOf(file)));
    case "question":
      return new QuestionCard(item, (token, values) => room.answer(token, values));
    case "notice":
      return redrawn(item, (notice) => noticeOf(notice, room));
    case "end":
      return redrawn(item, endOf);
    default:
      return null;
  }
}

/** A view that is made anew from each whole item. */
function redrawn(item, make) {
  const view = {
    element: make(item),
    update(newer) {
      const element = make(newer);
      view.element.replaceWith(element);
      view.element = element;
    },
  };
  return view;
}

function promptOf(prompt, room) {
  if (prompt.by === "continue") return continuedOf(prompt);
  const isDropped = prompt.state === "dropped";
  const asker = prompt.by === "run" ? "task" : prompt.who;
  return h(
    "div",
    { class: `item prompt ${prompt.state}` },
    h("div", { class: "said" }, unseen(`${asker}: `), prompt.text),
    prompt.files.length ? h("div", { class: "by" }, prompt.files.join(", ")) : null,
    h(
      "div",
      { class: "by" },
      isDropped && h("span", { class: "fate" }, "not sent"),
      isDropped && actionOn(prompt, "Send again", () => room.sendAgain(prompt.text)),
      h("span", { "aria-hidden": "true" }, asker),
      whenOf(prompt),
    ),
  );
}

/** Words that we gave the agent for the person who pressed Continue. */
function continuedOf(prompt) {
  const line = prompt.state === "dropped" ? "Continue was not sent" : "Continued";
  const words = h("p", { class: "body" }, prompt.text);
  return h("div", { class: "item continued" }, h("details", {}, h("summary", {}, `${line} · `, whenOf(prompt)), words));
}

function whenOf(prompt) {
  return h("time", { title: fullTime(prompt.asked) }, dayAndTime(prompt.asked));
}

/** Markdown that grows: finished blocks as the server rendered them, and a tail, rendered or as text. */
class GrowingWords {
  constructor(item, element) {
    this.blocks = h("div", { class: "words blocks" });
    this.tail = h("div", { class: "words tail" });
    this.element = element;
    element.append(this.blocks, this.tail);
    this.update(item);
  }

  update(item) {
    while (this.blocks.childElementCount > item.at) this.blocks.lastChild.remove();
    for (const html of item.blocks) {
      const block = h("div", { class: "block" });
      block.append(rendered(html));
      this.blocks.append(block);
    }
    if (item.tail !== undefined) this.showRendered(item.tail);
    else this.showText(item);
  }

  showRendered(html) {
    this.text = null;
    this.tail.replaceChildren(rendered(html));
  }

  showText({ from, more, code }) {
    if (!from || !this.text) {
      this.text = document.createTextNode("");
      this.tail.replaceChildren(
        code ? h("div", { class: "code" }, h("pre", { tabindex: "0" }, h("code", {}, this.text))) : h("p", { class: "tail-text" }, this.text),
      );
    }
    this.text.appendData(more);
  }
}

class Thought extends GrowingWords {
  constructor(item) {
    const inner = h("div");
    super(item, inner);
    this.element = h("div", { class: "item thought" }, h("details", {}, h("summary", {}, "Thought"), inner));
  }
}

const STEPS = { completed: ["check", "done"], in_progress: ["half", "in progress"], pending: ["open", "open"] };

function planOf(plan) {
  const entries = plan.entries.map(({ text, status }) => {
    const [mark, word] = STEPS[status] ?? STEPS.pending;
    return h("li", { class: status }, icon(mark), h("span", {}, text), unseen(` (${word})`));
  });
  const done = plan.entries.filter(({ status }) => status === "completed").length;
  const head = h("h3", {}, `Plan · ${done} of ${entries.length} done`);
  return h("div", { class: "item plan" }, head, h("ul", { role: "list", "aria-label": "Plan" }, ...entries));
}

function noticeOf(notice, room) {
  const element = h("div", { class: "item notice" }, h("p", {}, notice.text));
  if (notice.choices.length) element.append(choiceButtons(notice.choices, (choice) => room.press(choice.token, {})));
  return element;
}

function endOf(end) {
  return h("div", { class: `item end ends ${end.tone}` }, end.line, end.detail && h("pre", { tabindex: "0" }, end.detail));
}

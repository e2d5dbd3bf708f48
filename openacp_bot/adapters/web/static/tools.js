// A tool call as a strip that opens: what went in, what came out, what changed.

import { h, icon, unseen } from "./dom.js";

const STATUS = { pending: "waiting", in_progress: "running", completed: "done", failed: "failed", ended: "ended with its turn" };

/** One tool call. `update(item)` takes its newest whole, `output(item)` what is new of its streamed output. */
export class ToolStrip {
  constructor(item, { isOpen }) {
    this.item = item;
    this.printed = null; // the streamed output: {text, skipped}
    this.summary = h("summary");
    this.parts = h("div", { class: "parts" });
    this.details = h("details", { open: isOpen }, this.summary, this.parts);
    this.details.addEventListener("toggle", () => this.drawParts());
    this.element = h("div", {}, this.details);
    this.update(item);
  }

  update(item) {
    this.item = item;
    this.element.className = `item tool ${item.status}`;
    this.details.setAttribute("aria-label", item.title);
    this.summary.replaceChildren(
      icon(item.does),
      h("span", { class: "name", title: item.title }, item.title),
      unseen(`, ${STATUS[item.status] ?? item.status}`),
      h("span", { class: "result" }, shortResult(item)),
      icon("chevron"),
    );
    this.drawParts();
  }

  output({ from, more, skipped }) {
    const before = from && this.printed ? this.printed.text : "";
    this.printed = { text: before + more, skipped: from ? (this.printed?.skipped ?? 0) : skipped };
    if (from && this.printedNode?.isConnected) {
      const atEnd = isAtEnd(this.printedNode);
      this.printedNode.append(more);
      if (atEnd) this.printedNode.scrollTop = this.printedNode.scrollHeight;
    } else this.drawParts();
  }

  /** The contents are made when they are looked at. */
  drawParts() {
    if (!this.details.open) return this.parts.replaceChildren();
    const { item } = this;
    this.printedNode = this.printed && h("pre", { tabindex: "0" }, printedText(this.printed));
    this.parts.replaceChildren(
      part("Input", inputOf(item)),
      part("Result", [
        ...item.diffs.map(diffOf),
        item.output && h("pre", { tabindex: "0" }, item.output),
        this.printedNode,
        ...item.files.map(fileOf),
      ]),
    );
  }
}

function part(name, contents) {
  const shown = contents.filter(Boolean);
  return h(
    "section",
    { class: "part", "aria-label": name },
    h("h4", {}, name),
    ...(shown.length ? shown : [h("p", { class: "hint" }, "nothing")]),
  );
}

function printedText({ text, skipped }) {
  return skipped ? `… ${skipped} earlier characters are not shown\n${text}` : text;
}

function isAtEnd(element) {
  return element.scrollHeight - element.scrollTop - element.clientHeight < 30;
}

/** What goes in: the command in full, the paths, and the rest as the agent gave it. */
export function inputOf(item) {
  const places = item.places.length ? h("ul", { class: "places" }, ...item.places.map((place) => h("li", {}, place))) : null;
  return [
    item.command && h("pre", { tabindex: "0" }, item.command),
    places,
    item.input && item.input !== item.command && h("pre", { tabindex: "0" }, item.input),
  ].filter(Boolean);
}

function shortResult(item) {
  const changed = item.diffs.reduce(([added, removed], diff) => [added + diff.added, removed + diff.removed], [0, 0]);
  if (item.diffs.length) return `+${changed[0]} −${changed[1]}`;
  if (item.status === "failed") return firstLine(item.output) || "failed";
  if (item.status === "completed") return firstLine(item.output);
  return item.status === "ended" ? "ended" : "";
}

function firstLine(text) {
  return text.split("\n").find((line) => line.trim()) ?? "";
}

const SIGNS = { "+": ["plus", "added: "], "-": ["minus", "removed: "], "@": ["gap", ""], " ": ["", ""] };

/** A diff as coloured lines. */
export function diffOf(diff) {
  const lines = diff.lines.map(([sign, text]) => {
    const [look, word] = SIGNS[sign] ?? SIGNS[" "];
    return h("span", { class: `line ${look}` }, word && unseen(word), text || " ");
  });
  if (diff.left_out) lines.push(h("span", { class: "line gap" }, `… ${diff.left_out} more lines`));
  return h(
    "figure",
    { class: "diff", "aria-label": `Changes of ${diff.path}` },
    h(
      "header",
      {},
      h("span", { class: "path" }, diff.path + (diff.new ? " (new)" : "")),
      h("span", { class: "added" }, `+${diff.added}`),
      h("span", { class: "removed" }, `−${diff.removed}`),
    ),
    h("div", { class: "lines", tabindex: "0", role: "group", "aria-label": "Lines" }, h("div", {}, ...lines)),
  );
}

/** An image, or a link to a file. */
export function fileOf(file) {
  if (file.picture && file.url) return h("img", { class: "picture", src: file.url, alt: file.described, loading: "lazy" });
  if (file.url) return h("a", { href: file.url, download: file.name }, file.name);
  return h("span", {}, file.name);
}

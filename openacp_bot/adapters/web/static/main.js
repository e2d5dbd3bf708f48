// The page: wires the connection, the list, the conversation and the composer together.

import { cardOf, isWorthACard } from "./cards.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { confirmDelete, NewChat } from "./dialogs.js";
import { h, icon, toast } from "./dom.js";
import { headOf, troubleOf, workOf } from "./head.js";
import { Link } from "./link.js";
import { Queue } from "./queue.js";
import { Sidebar } from "./sidebar.js";
import { beginning, gone, welcome } from "./start.js";

const REFUSAL_STANDS = 60000; // then a refused answer without buttons goes by itself
const DESKTOP = matchMedia("(min-width: 761px)");

class App {
  constructor() {
    this.current = "";
    this.view = null;
    this.openedFrom = new WeakMap(); // a form's card → the card whose button opened it
    this.head = document.getElementById("head-words");
    this.foot = document.getElementById("foot");
    this.tail = document.getElementById("tail");
    this.linkState = document.getElementById("link-state");
    this.link = new Link({
      open: () => this.opened(),
      frame: (frame) => this.take(frame),
      state: (sentence) => (this.linkState.textContent = sentence),
      unsent: () => this.drawTail?.(),
    });
    this.sidebar = new Sidebar(this);
    this.conversation = new Conversation(this);
    this.composer = new Composer(this);
    this.queue = new Queue(this);
    this.newChat = new NewChat(this);
    this.wire();
    this.route();
    this.link.connect();
  }

  wire() {
    const opener = document.getElementById("open-sidebar");
    opener.append(icon("menu"));
    opener.addEventListener("click", () => this.showList(!document.body.classList.contains("listing")));
    document.getElementById("curtain").addEventListener("click", () => this.showList(false));
    for (const id of ["new-chat", "head-new-chat"]) document.getElementById(id).addEventListener("click", () => this.newChat.show());
    document.getElementById("head-new-chat").append(icon("plus"));
    addEventListener("hashchange", () => this.route());
    addEventListener("keydown", (event) => event.key === "Escape" && this.showList(false));
    new ResizeObserver(() => this.fitFoot()).observe(this.foot);
  }

  showList(isShown) {
    document.body.classList.toggle("listing", isShown && !DESKTOP.matches);
    document.getElementById("open-sidebar").setAttribute("aria-expanded", String(isShown));
  }

  fitFoot() {
    document.documentElement.style.setProperty("--foot-height", `${this.foot.offsetHeight}px`);
    if (this.conversation.follows) this.conversation.toEnd();
  }

  // --- which session

  route() {
    const found = /^#\/s\/([\w-]+)$/.exec(location.hash);
    if (!found && location.hash && location.hash !== "#/") return; // an anchor within the page
    this.showList(false);
    this.begin(found?.[1] ?? "");
  }

  open(session) {
    if (session !== this.current) location.hash = `#/s/${session}`;
  }

  begin(session) {
    this.current = session;
    this.view = null;
    this.conversation.begin(session);
    this.head.replaceChildren(session ? h("h1", {}, "…") : h("h1", {}, "openacp-bot"));
    this.clearTail();
    this.foot.replaceChildren();
    if (!session) this.conversation.log.replaceChildren(welcome(() => this.newChat.show()));
    this.watch();
    this.sidebar.draw();
    this.drawTitle();
  }

  watch() {
    const { rev } = this.conversation;
    this.link.say({ op: "watch", session: this.current, boot: this.link.boot, rev });
  }

  opened() {
    // The cursor counts only within the boot it was given in; the daemon checks that.
    this.sidebar.ask();
    this.watch();
  }

  // --- frames

  take(frame) {
    if (frame.op === "items") this.takeItems(frame);
    else if (frame.op === "head" && frame.id === this.current) this.show(frame);
    else if (frame.op === "list") this.takeList(frame);
    else if (frame.op === "gone" && frame.session === this.current) this.lost(frame);
    else if (frame.op === "problem") this.refuse(frame.text);
  }

  takeItems(frame) {
    this.conversation.take(frame);
    this.drawTail();
  }

  takeList(frame) {
    this.sidebar.take(frame);
    this.drawTitle();
  }

  lost({ text, for_good: isGone }) {
    if (!isGone) return this.refuse(text);
    this.view = null;
    this.conversation.clear();
    this.head.replaceChildren(h("h1", {}, "openacp-bot"));
    this.foot.replaceChildren();
    this.clearTail();
    this.conversation.log.replaceChildren(gone(text));
  }

  show(view) {
    const before = this.view;
    this.view = view;
    this.head.replaceChildren(...headOf(view));
    this.conversation.log.classList.toggle("low", view.verbosity === "low");
    // A screen reader is told of an answer when it stands, not word by word.
    this.conversation.log.setAttribute("aria-busy", String(view.phase === "running"));
    this.drawFoot(view, before);
    this.drawTail();
    this.drawTitle();
    if (before?.pinned && !view.pinned) this.conversation.dropRefusals(); // most were about that
    if (view.asking && !before?.asking) document.getElementById("alerts").textContent = "The agent asks a question.";
    if (!view.asking) document.getElementById("alerts").textContent = "";
  }

  drawFoot(view, before) {
    if (view.archived) return this.foot.replaceChildren(this.archivedFoot());
    if (!this.foot.contains(this.composer.element)) {
      this.foot.replaceChildren(this.queue.element, this.composer.element);
      this.composer.begin(view.id);
    } else if (!before) this.composer.begin(view.id);
    this.queue.show(view);
    this.composer.show(view);
  }

  archivedFoot() {
    const restore = h("button", { type: "button", class: "main-button" }, "Restore to active");
    restore.addEventListener("click", () => this.restore(this.current));
    return h("div", { class: "archived-foot" }, "This chat is archived and read-only.", restore);
  }

  drawTail() {
    const { view, conversation } = this;
    const unsent = this.link.unsent().filter(({ session }) => session === this.current);
    const work = view && workOf(view, conversation.newest);
    const trouble = view && troubleOf(view, conversation.newest);
    const isNew = view && !view.archived && !unsent.length && !view.queue.length && !work && !trouble && conversation.isEmpty;
    const drawn = JSON.stringify([unsent, work, trouble, isNew]);
    if (drawn === this.tailDrawn) return; // what moves in it goes on moving
    this.tailDrawn = drawn;
    this.tail.replaceChildren(
      ...unsent.map(({ text }) => ghostOf(text)),
      ...(work ? [h("div", { class: "working" }, h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), work)] : []),
      ...(trouble ? [h("p", { class: "trouble" }, trouble)] : []),
      ...(isNew ? [beginning(view, (text) => this.send(text))] : []),
    );
    if (conversation.follows) conversation.toEnd();
  }

  clearTail() {
    this.tailDrawn = "";
    this.tail.replaceChildren();
  }

  drawTitle() {
    const waits = this.view?.asking > 0 || this.sidebar.rows.some(({ waiting }) => waiting);
    document.title = `${waits ? "● " : ""}${this.view ? `${this.view.title} – ` : ""}openacp-bot`;
  }

  // --- what a person does

  async send(text) {
    const session = this.current;
    this.conversation.toEnd();
    const reply = await this.link.act("send", { session, text });
    if (!reply) return;
    if (reply.refused) this.composer.giveBack(session, text);
    if (session === this.current) this.present(reply, { opensNew: /^\/new(chat)?\b/.test(text), isTyped: true });
    else if (reply.text) toast(reply.text);
  }

  sendAgain(text) {
    return this.send(text);
  }

  async restore(session) {
    const reply = await this.link.act("command", { session, name: "restore", values: {} });
    if (!reply) return;
    this.present(reply, {});
    if (reply.refused) return;
    this.sidebar.show("active");
    this.open(session);
  }

  stop() {
    return this.command("cancel", this.current);
  }

  /** A command of a button of the page, about any session. */
  async command(name, session, values = {}) {
    const reply = await this.link.act("command", { session, name, values });
    if (reply) this.present(reply, {});
  }

  /** A command whose reply the caller shows. */
  act(name, values) {
    return this.link.act("command", { session: this.current, name, values });
  }

  pressed(token, values = {}) {
    return this.link.act("press", { session: this.current, token, values });
  }

  /** A button in the conversation; `card`: the answer that it stands in. */
  async press(token, values, card = null, choice = null) {
    const known = new Set(this.sidebar.rows.map(({ id }) => id)); // the list may have the new one before its reply is here
    const reply = await this.pressed(token, values);
    if (!reply) return;
    const isNew = Boolean(reply.session) && !known.has(reply.session) && choice?.look !== "danger";
    const origin = this.openedFrom.get(card);
    const goesOn = card && (reply.replaces || (reply.form && origin));
    if (!goesOn) return this.present(reply, { opensNew: isNew, isTyped: Boolean(card), from: card });
    const next = this.card(reply);
    if (reply.form && origin) this.openedFrom.set(next, origin);
    else origin?.remove();
    card.replaceWith(next);
    if (isNew) this.open(reply.session);
  }

  /** An answer to a question: its card tells what came of it. */
  async answer(token, values) {
    const reply = await this.pressed(token, values);
    if (reply?.refused) this.present(reply, {});
  }

  /** Show what the daemon said to what was done here. */
  present(reply, { opensNew = false, isTyped = false, from = null }) {
    const leadsAway = reply.session && reply.session !== this.current && !reply.refused && !isWorthACard(reply);
    if (opensNew && leadsAway) return this.open(reply.session);
    const isCard = (isWorthACard(reply) && !reply.quiet) || (reply.text && (reply.refused || (isTyped && !reply.quiet)));
    if (isCard) this.addCard(reply, from);
    else if (reply.text) toast(reply.text);
  }

  /** `from`: the card whose button brought it. */
  addCard(reply, from = null) {
    const card = this.card(reply);
    if (from && reply.form) this.openedFrom.set(card, from);
    this.conversation.addCard(card);
    if (reply.refused && !isWorthACard(reply)) setTimeout(() => card.remove(), REFUSAL_STANDS);
  }

  card(reply) {
    return cardOf(reply, this.current, (...pressed) => this.press(...pressed));
  }

  refuse(text) {
    toast(text);
  }

  confirmDelete(row) {
    confirmDelete(row, async () => {
      const reply = await this.link.act("command", { session: row.id, name: "delete", values: { confirm: "yes" } });
      if (reply) this.present(reply, {});
      if (row.id === this.current && !reply?.refused) location.hash = "#/";
    });
  }

  opensTools() {
    return this.view?.verbosity === "high";
  }
}

function ghostOf(text) {
  return h("div", { class: "item ghost" }, h("div", { class: "said" }, text), h("div", { class: "by" }, "sending…"));
}

new App();

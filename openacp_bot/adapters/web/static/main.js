// The page: wires the connection, the list, the conversation and the composer together.

import { cardOf, isWorthACard } from "./cards.js";
import { Composer } from "./composer.js";
import { Conversation, gone, welcome } from "./conversation.js";
import { confirmDelete, NewChat } from "./dialogs.js";
import { h, icon, toast } from "./dom.js";
import { headOf, workingOf } from "./head.js";
import { Link } from "./link.js";
import { Queue } from "./queue.js";
import { Sidebar } from "./sidebar.js";

const DESKTOP = matchMedia("(min-width: 761px)");

class App {
  constructor() {
    this.current = "";
    this.view = null;
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
    document.getElementById("new-chat").addEventListener("click", () => this.newChat.show());
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
    this.tail.replaceChildren();
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
    if (frame.op === "items") this.conversation.take(frame);
    else if (frame.op === "head" && frame.id === this.current) this.show(frame);
    else if (frame.op === "list") this.takeList(frame);
    else if (frame.op === "gone" && frame.session === this.current) this.lost(frame);
    else if (frame.op === "problem") this.refuse(frame.text);
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
    this.tail.replaceChildren();
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
    restore.addEventListener("click", () => this.command("restore", this.current));
    return h("div", { class: "archived-foot" }, "This chat is archived and read-only.", restore);
  }

  drawTail() {
    const unsent = this.link.unsent().filter(({ session }) => session === this.current);
    const ghosts = unsent.map(({ text }) =>
      h("div", { class: "item ghost" }, h("div", { class: "said" }, text), h("div", { class: "by" }, "sending…")),
    );
    const working = this.view && workingOf(this.view);
    this.tail.replaceChildren(...ghosts, ...(working ? [working] : []));
    if (this.conversation.follows) this.conversation.toEnd();
  }

  drawTitle() {
    const waits = this.view?.asking > 0 || this.sidebar.rows.some(({ waiting }) => waiting);
    document.title = `${waits ? "● " : ""}${this.view ? `${this.view.title} – ` : ""}openacp-bot`;
  }

  // --- what a person does

  async send(text) {
    this.conversation.toEnd();
    const reply = await this.link.act("send", { session: this.current, text });
    if (reply) this.present(reply, { opensNew: /^\/new/.test(text), isTyped: true });
  }

  sendAgain(text) {
    return this.send(text);
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
    const reply = await this.pressed(token, values);
    if (!reply) return;
    if (card && reply.replaces) return card.replaceWith(this.card(reply));
    const isNew = Boolean(reply.session) && !this.sidebar.row(reply.session) && choice?.look !== "danger";
    this.present(reply, { opensNew: isNew, isTyped: Boolean(card) });
  }

  /** Show what the daemon said to what was done here. */
  present(reply, { opensNew = false, isTyped = false }) {
    if (opensNew && reply.session && !reply.refused) return this.open(reply.session);
    if (reply.quiet && !reply.refused) return; // the page shows it already
    if (isWorthACard(reply) || (reply.text && (isTyped || reply.refused))) this.conversation.addCard(this.card(reply));
    else if (reply.text) toast(reply.text);
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

new App();

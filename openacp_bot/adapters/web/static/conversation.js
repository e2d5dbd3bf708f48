// The log: items in order, each patched in place; scrolls along only for who is at its end.

import { viewOf } from "./items.js";

const NEAR = 80; // pixels from the end that still count as the end
const MOST = 1500; // items on the page; then the oldest make room, and can be loaded again

export class Conversation {
  /** `app`: link, press(token, values), sendAgain(text), verbosity(). */
  constructor(app) {
    this.app = app;
    this.session = "";
    this.rev = 0;
    this.items = new Map(); // key → {key, first, view}
    this.order = []; // the same, by first
    this.outputs = new Map(); // a tool's key → outputs that came before it
    this.log = document.getElementById("log");
    this.isKnown = false; // all that there is of it has come
    this.scroller = document.getElementById("scroller");
    this.pill = document.getElementById("new-messages");
    this.olderButton = document.querySelector("#older button");
    this.isFollowing = true;
    this.top = 0; // where the scroller was when we last knew
    this.loading = false;
    this.scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.pill.addEventListener("click", () => this.toEnd());
    this.olderButton.addEventListener("click", () => this.loadOlder());
    this.log.addEventListener("load", () => this.follows && this.toEnd(), true); // pictures get their height late
    new ResizeObserver(() => this.follows && this.toEnd()).observe(this.scroller);
  }

  /** Whether the end stays in sight. A scroll event comes late: who has scrolled up since must not be pulled down. */
  get follows() {
    if (this.scroller.scrollTop < this.top - 1) this.scrolled();
    return this.isFollowing;
  }

  /** Whether nothing was said yet: a notice of ours is not talk. */
  get isEmpty() {
    return this.isKnown && this.olderButton.hidden && this.order.every(({ item }) => item.kind === "notice");
  }

  /** The newest item as it came; null before there is one. */
  get newest() {
    return this.order.at(-1)?.item ?? null;
  }

  /** Show this session from nothing. */
  begin(session) {
    this.session = session;
    this.isKnown = false;
    this.rev = 0;
    this.clear();
  }

  clear() {
    this.items.clear();
    this.order = [];
    this.outputs.clear();
    this.log.replaceChildren();
    this.olderButton.hidden = true;
    this.isFollowing = true;
    this.top = 0;
    this.pill.hidden = true;
  }

  take(frame) {
    if (frame.session !== this.session) return;
    const { follows } = this; // before anything grows
    if (frame.reset) this.clear();
    for (const item of frame.items) this.put(item);
    if (frame.rev !== undefined) {
      this.rev = frame.rev;
      this.isKnown = true;
    }
    if (frame.reset || this.olderButton.hidden === false) this.olderButton.hidden = !frame.more || this.items.size === 0;
    if (follows || frame.reset) this.makeRoom();
    this.keepUp(follows || frame.reset, frame.items.length > 0);
  }

  put(item) {
    if (item.kind === "output") return this.putOutput(item);
    if (item.kind === "settled") return this.items.get(item.key)?.view.settle(item.settled);
    const known = this.items.get(item.key);
    if (known) return known.view.update(item);
    const view = viewOf(item, this.app);
    if (!view) return;
    const placed = { key: item.key, first: item.first, item, view };
    this.insert(placed);
    this.items.set(item.key, placed);
    if (item.kind === "tool") {
      for (const output of this.outputs.get(item.key) ?? []) view.output(output);
      this.outputs.delete(item.key);
    }
  }

  putOutput(item) {
    const tool = this.items.get(item.call);
    if (tool) return tool.view.output(item);
    this.outputs.set(item.call, [...(item.from ? (this.outputs.get(item.call) ?? []) : []), item]);
  }

  /** Behind the last item that is older; the newest goes behind everything, cards of answers included. */
  insert(item) {
    let index = this.order.length;
    while (index > 0 && this.order[index - 1].first > item.first) index -= 1;
    this.log.insertBefore(item.view.element, this.order[index]?.view.element ?? null);
    this.order.splice(index, 0, item);
  }

  /** A card of an answer: stands where it came. */
  addCard(element) {
    this.log.append(element);
    this.toEnd();
  }

  /** What was refused can be done now. */
  dropRefusals() {
    for (const card of this.log.querySelectorAll(".card.refused")) card.remove();
  }

  keepUp(follows, isNew) {
    if (follows) this.toEnd();
    else if (isNew) this.pill.hidden = false;
  }

  toEnd() {
    this.isFollowing = true;
    this.pill.hidden = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.top = this.scroller.scrollTop;
  }

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const isUp = scrollTop < this.top - 1;
    this.top = scrollTop;
    // Far from the end without having gone up: the end has moved since, as when a picture came.
    if (scrollHeight - scrollTop - clientHeight < NEAR) this.isFollowing = true;
    else if (isUp) this.isFollowing = false;
    if (this.isFollowing) this.pill.hidden = true;
    if (scrollTop < 200 && !this.olderButton.hidden) this.loadOlder();
  }

  async loadOlder() {
    if (this.loading || !this.items.size) return;
    this.loading = true;
    const { session } = this;
    const before = this.order[0].first;
    try {
      const told = await this.app.link.ask("older", { session, before });
      if (session === this.session) this.putOlder(told);
    } catch (error) {
      this.app.refuse(error.message);
    } finally {
      this.loading = false;
    }
  }

  putOlder({ items, more }) {
    const height = this.scroller.scrollHeight;
    const top = this.scroller.scrollTop;
    for (const item of items) if (!this.items.has(item.key)) this.put(item);
    this.olderButton.hidden = !more;
    this.scroller.scrollTop = top + this.scroller.scrollHeight - height;
    this.top = this.scroller.scrollTop;
  }

  makeRoom() {
    if (this.items.size <= MOST) return;
    for (const { key, view } of this.order.splice(0, this.items.size - MOST / 2)) {
      view.element.remove();
      this.items.delete(key);
    }
    this.olderButton.hidden = false;
  }
}

// The list of sessions: groups, search, and what can be done with each.

import { arrange, h, icon, unseen } from "./dom.js";
import { closeMenu, openMenu } from "./menu.js";
import { dayGroup, origins, shortTime } from "./words.js";

const STEP = 100;
const NOTHING = {
  active: "No chats yet. Start one with New Chat.",
  archived: "Nothing is archived.",
  scheduled: "Tasks that run by themselves will be listed here.",
};

export class Sidebar {
  /** `app`: link, command(name, session, values), open(id), confirmDelete(session). */
  constructor(app) {
    this.app = app;
    this.group = "active";
    this.limit = STEP;
    this.rows = [];
    this.items = new Map(); // session id → {element, drawn}
    this.heads = new Map(); // group name → element
    this.list = document.getElementById("sessions");
    this.search = document.getElementById("search");
    this.tabs = [...document.querySelectorAll("#groups [role=tab]")];
    this.more = document.getElementById("more-sessions");
    for (const tab of this.tabs) tab.addEventListener("click", () => this.select(tab));
    document.getElementById("groups").addEventListener("keydown", (event) => this.moveTab(event));
    this.search.addEventListener("input", () => this.searchSoon());
    this.more.addEventListener("click", () => this.showMore());
    setInterval(() => this.draw(), 60000); // Today becomes Yesterday by itself
  }

  /** Tell the daemon which list is shown. */
  ask() {
    this.app.link.say({ op: "list", group: this.group, search: this.search.value.trim(), limit: this.limit });
  }

  take(frame) {
    if (frame.group !== this.group || frame.search !== this.search.value.trim()) return;
    this.rows = frame.rows;
    this.more.hidden = frame.rows.length >= frame.total;
    this.draw();
  }

  row(id) {
    return this.rows.find((row) => row.id === id);
  }

  draw() {
    const nodes = [];
    let group = "";
    for (const row of this.rows) {
      const name = this.groupOf(row);
      if (name !== group) nodes.push(this.head((group = name)));
      nodes.push(this.item(row));
    }
    arrange(this.list, nodes);
    const shown = new Set(this.rows.map((row) => row.id));
    for (const id of this.items.keys()) if (!shown.has(id)) this.items.delete(id);
    this.drawEmpty();
  }

  drawEmpty() {
    const empty = document.getElementById("no-sessions");
    empty.hidden = this.rows.length > 0;
    empty.textContent = this.search.value.trim() ? "No title has these words." : NOTHING[this.group];
  }

  groupOf(row) {
    return row.pinned ? "Pinned" : dayGroup(row.active_at);
  }

  head(name) {
    if (!this.heads.has(name)) this.heads.set(name, h("li", { class: "group", role: "presentation" }, h("h3", {}, name)));
    return this.heads.get(name);
  }

  item(row) {
    const isCurrent = row.id === this.app.current;
    const drawn = JSON.stringify([row, isCurrent, shortTime(row.active_at)]);
    let item = this.items.get(row.id);
    if (!item) this.items.set(row.id, (item = this.newItem(row.id)));
    if (item.drawn !== drawn && !item.element.querySelector(".rename")) {
      item.drawn = drawn;
      this.fill(item.element, row, isCurrent);
    }
    return item.element;
  }

  newItem(id) {
    // On the element that stays: the first click of two opens the session and draws its contents anew.
    const element = h("li", { ondblclick: (event) => event.target.closest(".actions") || this.rename(this.row(id)) });
    return { element, drawn: "" };
  }

  fill(element, row, isCurrent) {
    const hadFocus = element.contains(document.activeElement) ? document.activeElement.className : "";
    element.className = `session${isCurrent ? " current" : ""}`;
    element.dataset.session = row.id;
    const link = h(
      "a",
      { href: `#/s/${row.id}`, class: "link", "aria-current": isCurrent && "page", title: row.title },
      h("span", { class: "title" }, row.title),
      h("span", { class: "facts" }, ...this.facts(row)),
      row.waiting && h("span", { class: "waits" }, "needs an answer"),
    );
    const actions = h(
      "button",
      { type: "button", class: "icon-button actions", "aria-label": "Actions", "aria-haspopup": "menu", "aria-expanded": "false" },
      icon("dots"),
    );
    actions.addEventListener("click", () => openMenu(actions, this.actions(this.row(row.id) ?? row)));
    element.replaceChildren(link, actions);
    if (hadFocus) element.querySelector(`.${hadFocus.split(" ").pop()}`)?.focus();
  }

  facts(row) {
    const hidden = `, ${row.source}, ${row.place}${row.pinned ? ", pinned" : ""}${row.bypass ? ", bypass" : ""}`;
    return [
      h("span", { class: `state ${row.state}${row.busy ? " busy" : ""}` }, row.state),
      h("span", { class: "agent" }, `· ${[...origins(row), row.agent].join(" · ")}`),
      unseen(hidden),
      row.bypass && h("span", { class: "badge", "aria-hidden": "true" }, "bypass"),
      row.pinned && icon("pin"),
      h("time", {}, shortTime(row.active_at)),
    ];
  }

  actions(row) {
    const act = (name, values) => () => this.app.command(name, row.id, values);
    return [
      { label: "Rename", run: () => this.rename(row) },
      row.pinned ? { label: "Unpin", run: act("unpin") } : { label: "Pin", run: act("pin") },
      row.archived
        ? { label: "Restore", run: () => this.app.restore(row.id) }
        : { label: "Archive", run: act("archive"), why: row.pinned ? "Unpin it first" : "" },
      { label: "Delete", run: () => this.app.confirmDelete(row), danger: true },
    ];
  }

  rename(row) {
    const element = this.items.get(row.id)?.element;
    if (!element || element.querySelector(".rename")) return;
    const input = h("input", { class: "rename", "aria-label": "New title", value: row.title, maxlength: 200 });
    let isDone = false;
    const done = (keep) => {
      if (isDone) return; // removing the input blurs it
      isDone = true;
      const title = input.value.trim();
      input.remove();
      this.items.get(row.id).drawn = "";
      this.draw();
      element.querySelector("a")?.focus();
      if (keep && title && title !== row.title) this.app.command("rename", row.id, { title });
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) done(true);
      if (event.key === "Escape") done(false);
    });
    input.addEventListener("blur", () => done(true));
    element.replaceChildren(input);
    input.focus();
    input.select();
  }

  /** Show the group of this name. */
  show(group) {
    if (group !== this.group) this.select(this.tabs.find((tab) => tab.dataset.group === group));
  }

  select(tab) {
    closeMenu();
    this.group = tab.dataset.group;
    this.limit = STEP;
    this.rows = [];
    for (const one of this.tabs) {
      one.setAttribute("aria-selected", String(one === tab));
      one.tabIndex = one === tab ? 0 : -1;
    }
    document.getElementById("group-panel").setAttribute("aria-labelledby", tab.id);
    this.draw();
    this.ask();
  }

  moveTab(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const index = this.tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
    const tab = this.tabs[(index + step + this.tabs.length) % this.tabs.length];
    this.select(tab);
    tab.focus();
  }

  searchSoon() {
    clearTimeout(this.searching);
    this.searching = setTimeout(() => this.ask(), 150);
  }

  showMore() {
    this.limit += STEP;
    this.ask();
  }
}

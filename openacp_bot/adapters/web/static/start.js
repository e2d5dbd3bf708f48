// What stands where nothing was said yet: no session, one that is gone, one that waits for its first message.

import { h, icon } from "./dom.js";

const WISHES = ["help", "list files", "edit notes.txt", "plan", "slow answer", "ask"]; // of the built-in demo agent

/** No session is open. */
export function welcome(newChat) {
  return h(
    "div",
    { class: "welcome" },
    h("img", { src: "/static/icon.svg", alt: "" }),
    h("h2", {}, "What shall we work on?"),
    h("p", {}, "An agent works in a directory of this machine and asks you where it needs your word. You can leave and come back."),
    h("button", { type: "button", class: "main-button", onclick: newChat }, "Begin a chat"),
  );
}

/** The session cannot be shown. */
export function gone(text) {
  return h("div", { class: "welcome" }, icon("other"), h("h2", {}, "Nothing here"), h("p", {}, text));
}

/** Nothing was said in this session yet. `send(text)`: as if a person had written it. */
export function beginning(view, send) {
  const where = h("code", { title: view.workspace }, view.folder);
  if (view.agent !== "demo") {
    return h("div", { class: "welcome" }, h("h2", {}, "Write what you want done"), h("p", {}, `${view.agent} works in `, where, "."));
  }
  const wishes = WISHES.map((wish) => h("button", { type: "button", class: "plain-button", onclick: () => send(wish) }, wish));
  return h(
    "div",
    { class: "welcome" },
    h("h2", {}, "Try the demo agent"),
    h("p", {}, "It needs no model and no key, and works in ", where, ". Write to it, or try one of these:"),
    h("div", { class: "choices" }, ...wishes),
  );
}

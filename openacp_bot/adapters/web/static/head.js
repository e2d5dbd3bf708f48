// The line above the conversation: what this session is and how it is.

import { h } from "./dom.js";
import { amount } from "./words.js";

const PHASES = { launching: "starting", running: "working", waiting: "needs an answer", cancelling: "stopping", ending: "ending" };

/** The head of a session, as nodes. */
export function headOf(view) {
  const facts = [
    h("span", { class: `state ${view.state}${view.busy ? " busy" : ""}`, title: view.reason || null }, stateWords(view)),
    h("span", {}, `${view.agent} · ${view.model || "default model"}`),
    view.place !== "page" && placeLink(view),
    view.bypass && h("span", { class: "badge", title: "Everything that no rule forbids is allowed" }, "bypass"),
    view.usage?.size && h("span", { title: "Context used" }, usageWords(view.usage)),
  ];
  const parted = facts.filter(Boolean).map((fact) => h("span", { class: "fact" }, fact));
  const path = h("span", { class: "fact path", title: view.workspace }, view.folder);
  return [h("h1", { title: view.title }, view.title), h("div", { class: "facts" }, ...parted, path)];
}

function stateWords(view) {
  const phase = PHASES[view.phase];
  return phase ? `${view.state}, ${phase}` : view.state;
}

function placeLink(view) {
  if (!/^https?:\/\//.test(view.url)) return h("span", {}, `in ${view.place}`);
  return h("a", { href: view.url, rel: "noopener noreferrer", target: "_blank" }, `in ${view.place}`);
}

function usageWords({ used = 0, size, cost, currency }) {
  const context = `${amount(used)} of ${amount(size)} tokens`;
  return typeof cost === "number" ? `${context} · ${cost.toFixed(2)} ${currency}` : context;
}

/** What the agent is at, in words; "" while it rests. `newest`: the last item, as the view may be older. */
export function workOf(view, newest) {
  if (view.phase === "launching") return "Starting the agent";
  if (view.phase === "cancelling") return "Stopping";
  if (view.phase !== "running") return "";
  if (view.doing === "thinking" && newest?.kind === "text") return "Writing";
  return view.doing ? view.doing[0].toUpperCase() + view.doing.slice(1) : "Working";
}

/** Why the session ended in error, where no item says it: its agent died between two turns. */
export function troubleOf(view, newest) {
  const isTold = newest?.kind === "notice" || newest?.tone === "bad";
  return view.state === "error" && view.phase === "asleep" && !isTold ? view.reason : "";
}

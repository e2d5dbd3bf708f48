// The line above the conversation: what this session is and how it is.

import { h } from "./dom.js";
import { amount } from "./words.js";

const PHASES = { launching: "starting", running: "working", waiting: "needs an answer", cancelling: "stopping", ending: "ending" };

/** The head of a session, as nodes. */
export function headOf(view) {
  const model = view.model || "default model";
  return [
    h("h1", { title: view.title }, view.title),
    h(
      "div",
      { class: "facts" },
      h("span", { class: `state ${view.state}${view.busy ? " busy" : ""}`, title: view.reason || null }, stateWords(view)),
      h("span", {}, `${view.agent} · ${model}`),
      h("span", { class: "path", title: view.workspace }, view.workspace),
      view.place !== "page" && placeLink(view),
      view.bypass && h("span", { class: "badge", title: "Everything that no rule forbids is allowed" }, "bypass"),
      view.usage?.size ? h("span", { title: "Context used" }, usageWords(view.usage)) : null,
    ),
  ];
}

function stateWords(view) {
  const phase = PHASES[view.phase];
  const reason = view.state === "error" && view.reason ? `: ${view.reason}` : "";
  return phase ? `${view.state}, ${phase}` : view.state + reason;
}

function placeLink(view) {
  if (!/^https?:\/\//.test(view.url)) return h("span", {}, `in ${view.place}`);
  return h("a", { href: view.url, rel: "noopener noreferrer", target: "_blank" }, `in ${view.place}`);
}

function usageWords({ used = 0, size, cost, currency }) {
  const context = `${amount(used)} of ${amount(size)}`;
  return typeof cost === "number" ? `${context} · ${cost.toFixed(2)} ${currency}` : context;
}

/** What the agent is at, below the last item. */
export function workingOf(view) {
  const words = { launching: "Starting the agent", cancelling: "Stopping", ending: "Ending" }[view.phase] ?? view.doing ?? "";
  if (!["launching", "running", "cancelling"].includes(view.phase)) return null;
  return h("div", { class: "working" }, h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), words || "Working");
}

// Answers to commands and presses: cards in the conversation that can be put away.

import { h, icon } from "./dom.js";
import { choiceButtons, formOf, pressOnce } from "./fields.js";

/** Whether there is anything to show. */
export function isWorthACard(reply) {
  return Boolean(reply.rows.length || reply.choices.length || reply.form);
}

/** `press(token, values, card)`: a button of the card was pressed. */
export function cardOf(reply, current, press) {
  const card = h("div", { class: `item card${reply.refused ? " refused" : ""}` });
  const act = (choice) => press(choice.token, {}, card, choice);
  const leadsAway = reply.session && reply.session !== current && !reply.refused;
  card.append(
    h(
      "div",
      { class: "box", role: "group", "aria-label": "Answer" },
      reply.text && reply.text !== reply.form?.title && h("p", { class: "text" }, reply.text),
      reply.rows.length ? rowsOf(reply.rows, act) : null,
      reply.form && formCard(reply.form, (values) => press(reply.form.token, values, card)),
      reply.choices.length ? choiceButtons(reply.choices, act) : null,
      leadsAway && h("p", { class: "text" }, h("a", { href: `#/s/${reply.session}` }, "Open")),
      dismissButton(card),
    ),
  );
  return card;
}

function dismissButton(card) {
  const button = h("button", { type: "button", class: "icon-button dismiss", "aria-label": "Dismiss", title: "Dismiss" }, icon("close"));
  button.addEventListener("click", () => card.remove());
  return button;
}

function rowsOf(rows, act) {
  const lines = rows.map((row) =>
    h(
      "li",
      {},
      row.mark && h("span", { "aria-hidden": "true" }, row.mark),
      row.session ? h("a", { href: `#/s/${row.session}` }, row.title) : h("span", {}, row.title),
      row.detail && h("span", { class: "detail" }, row.detail),
      row.choices.length ? choiceButtons(row.choices, act, row.title) : null,
    ),
  );
  return h("ul", { class: "rows", role: "list" }, ...lines);
}

function formCard(form, submit) {
  const fields = formOf(form.fields);
  const act = /^\w+$/.test(form.title) ? form.title : "Submit"; // a title of one word is what the form does: Rename
  const buttons = h("div", { class: "choices" }, h("button", { class: "main-button" }, act));
  const element = h("form", { "aria-label": form.title }, h("h3", {}, form.title), fields.element, buttons);
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = fields.read();
    if (values) pressOnce(buttons, () => submit(values));
  });
  return element;
}

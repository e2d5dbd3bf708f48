// Inputs for the fields that the daemon asks for, and choices as buttons.

import { h } from "./dom.js";

let unique = 0;

/** `element` to show and `read()`, which gives the values by name, or null after it has marked what is missing. */
export function formOf(fields) {
  const parts = fields.map(fieldOf);
  const read = () => {
    const missing = parts.find((part) => !part.isFilled());
    if (!missing) return Object.fromEntries(parts.map((part) => [part.name, part.value()]));
    missing.complain();
    return null;
  };
  return { element: h("div", { class: "fields" }, ...parts.map((part) => part.element)), read };
}

function fieldOf(field) {
  if (field.kind === "choices") return severalOf(field);
  if (field.kind === "boolean") return checkOf(field);
  const id = `field-${++unique}`;
  const input = field.options.length ? selectOf(field, id) : inputOf(field, id);
  const hint = field.hint && h("span", { class: "hint", id: `${id}-hint` }, field.hint);
  if (hint) input.setAttribute("aria-describedby", hint.id);
  return {
    name: field.name,
    element: h("div", { class: "field" }, h("label", { for: id }, field.label), input, hint),
    value: () => input.value,
    isFilled: () => (!field.required || input.value.trim() !== "") && input.checkValidity(),
    complain: () => complain(input),
  };
}

function complain(input) {
  input.setAttribute("aria-invalid", "true");
  input.focus();
  input.reportValidity?.();
}

function inputOf(field, id) {
  const isNumber = field.kind === "number" || field.kind === "integer";
  return h("input", {
    id,
    type: isNumber ? "number" : "text",
    step: field.kind === "number" ? "any" : null,
    required: field.required,
    value: field.default,
    autocomplete: "off",
  });
}

function selectOf(field, id) {
  const nothing = field.required && field.default ? [] : [h("option", { value: "" }, field.required ? "Choose…" : "–")];
  const options = field.options.map(({ value, label }) => h("option", { value, selected: value === field.default }, label));
  return h("select", { id, required: field.required }, ...nothing, ...options);
}

function checkOf(field) {
  const box = h("input", { type: "checkbox", checked: field.default === "true" });
  const hint = field.hint && h("span", { class: "hint" }, field.hint);
  return {
    name: field.name,
    element: h("div", { class: "field" }, h("label", { class: "check" }, box, field.label), hint),
    value: () => String(box.checked),
    isFilled: () => true,
    complain: () => {},
  };
}

function severalOf(field) {
  const boxes = field.options.map(({ value, label }) => ({ value, label, box: h("input", { type: "checkbox" }) }));
  const chosen = () => boxes.filter(({ box }) => box.checked).map(({ value }) => value);
  const lines = boxes.map(({ label, box }) => h("label", { class: "check" }, box, label));
  const hint = field.hint && h("span", { class: "hint" }, field.hint);
  return {
    name: field.name,
    element: h("fieldset", { class: "field" }, h("legend", {}, field.label), ...lines, hint),
    value: () => JSON.stringify(chosen()),
    isFilled: () => !field.required || chosen().length > 0,
    complain: () => boxes[0]?.box.focus(),
  };
}

const LOOKS = { good: "good-button", danger: "danger-button", plain: "plain-button" };

/** A button about one message; its name begins with its words and goes on with the message's. */
export function actionOn(prompt, label, run) {
  const words = prompt.text.trim().split("\n")[0].slice(0, 60);
  return h("button", { type: "button", class: "quiet-button", "aria-label": `${label}: ${words}`, onclick: run }, label);
}

/** One button per choice; all rest while one is being handled. `about`: what they act on, where several such stand. */
export function choiceButtons(choices, press, about = "") {
  const row = h("div", { class: "choices" });
  for (const choice of choices) {
    const name = about && `${choice.label} ${about}`;
    const button = h("button", { type: "button", class: LOOKS[choice.look] ?? LOOKS.plain, "aria-label": name || null }, choice.label);
    button.addEventListener("click", () => pressOnce(row, () => press(choice)));
    row.append(button);
  }
  return row;
}

/** Run `press` with all buttons of `row` resting until it is done. */
export async function pressOnce(row, press) {
  const buttons = [...row.querySelectorAll("button")].filter((button) => !button.disabled);
  for (const button of buttons) button.disabled = true;
  try {
    await press();
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

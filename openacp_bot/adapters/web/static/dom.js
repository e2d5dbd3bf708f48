// Elements without a framework. Texts go in as text; only rendered Markdown of the server goes in as HTML.

/** An element: `h("button", {class: "x", onclick: press}, "Label")`. Attributes that are false, null or undefined are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Words that only screen readers meet. */
export function unseen(text) {
  return h("span", { class: "unseen" }, text);
}

/** Markdown that the server rendered (it lets no HTML of the agent through). */
export function rendered(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const code of template.content.querySelectorAll(".code")) code.append(copyButton(code));
  return template.content;
}

function copyButton(code) {
  const button = h("button", { type: "button", class: "icon-button copy", "aria-label": "Copy", title: "Copy" }, icon("copy"));
  button.addEventListener("click", async () => {
    await navigator.clipboard?.writeText(code.querySelector("code").textContent);
    button.replaceChildren(icon("check"));
    setTimeout(() => button.replaceChildren(icon("copy")), 1500);
  });
  return button;
}

const SHAPES = {
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  dots: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  close: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.5l3.2 3.2L13 4.8",
  copy: "M5.5 5.5h7v8h-7zM10.5 5.5v-3h-7v8h2",
  pin: "M8 9.5V14M5 9.5h6l-1.2-2.4V3.2H6.2v3.9z",
  read: "M4 2.5h5.5L12.5 5.5v8h-8.5zM6.2 7.5h4M6.2 10.2h4",
  edit: "M3 13l.7-3L10.5 3.2l2.3 2.3L6 12.3zM9 4.8l2.3 2.3",
  delete: "M3 4.5h10M6.2 4.5V3h3.6v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5",
  move: "M2.5 8h10M9 4.5L12.5 8 9 11.5",
  search: "M7 11.5a4.5 4.5 0 1 1 0-9 4.5 4.5 0 0 1 0 9zM10.3 10.3l3.2 3.2",
  execute: "M3 4.5L6.5 8 3 11.5M8 11.8h5",
  think: "M8 2.5a4 4 0 0 1 2.2 7.4v1.6H5.8V9.9A4 4 0 0 1 8 2.5zM6.5 13.5h3",
  fetch: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM2.6 8h10.8M8 2.6c2 1.8 2 9 0 10.8M8 2.6c-2 1.8-2 9 0 10.8",
  switch_mode: "M4 5.5h8L9.5 3M12 10.5H4L6.5 13",
  chevron: "M6 4l4 4-4 4",
  plus: "M8 3v10M3 8h10",
  other: "M8 4.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7z",
  open: "M3 8a5 5 0 1 1 10 0A5 5 0 0 1 3 8z",
  half: "M3 8a5 5 0 1 1 10 0A5 5 0 0 1 3 8zM8 5.5V8l1.7 1.4",
  lock: "M4.5 7.5h7v5.5h-7zM6 7.5V5.3a2 2 0 0 1 4 0v2.2",
};

/** A small line drawing; the words beside it say what it means. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[name] ?? SHAPES.other);
  if (name === "dots") path.setAttribute("stroke-width", "2.4");
  svg.append(path);
  return svg;
}

/** Make `parent` hold exactly `nodes`, moving only what stands elsewhere; the focus stays where it is. */
export function arrange(parent, nodes) {
  const focused = document.activeElement;
  nodes.forEach((node, index) => {
    if (parent.childNodes[index] !== node) parent.insertBefore(node, parent.childNodes[index] ?? null);
  });
  while (parent.childNodes.length > nodes.length) parent.lastChild.remove();
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
}

/** A sentence that passes by; a later one takes its place. */
export function toast(text) {
  const shown = h("div", { class: "toast" }, text);
  document.getElementById("toasts").replaceChildren(shown);
  setTimeout(() => shown.remove(), 4000 + 30 * text.length);
}

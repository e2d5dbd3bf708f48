// One menu at a time, below the button that opened it.

import { h } from "./dom.js";

let open = null;

/** `entries`: {label, run, danger, why}; `why`: the reason for which it cannot be chosen now. */
export function openMenu(button, entries) {
  const wasMine = open?.button === button;
  closeMenu();
  if (wasMine) return;
  const menu = h("div", { role: "menu", "aria-label": button.getAttribute("aria-label") });
  menu.append(...entries.map((entry) => menuItem(entry)));
  document.body.append(menu);
  place(menu, button);
  button.setAttribute("aria-expanded", "true");
  open = { menu, button };
  menu.addEventListener("keydown", (event) => moveWithin(menu, event));
  menu.firstElementChild.focus();
}

export function closeMenu(giveFocusBack = false) {
  if (!open) return;
  const { menu, button } = open;
  open = null;
  menu.remove();
  button.setAttribute("aria-expanded", "false");
  if (giveFocusBack) button.focus();
}

function menuItem({ label, run, danger, why }) {
  const reason = why ? h("small", {}, why) : null;
  return h(
    "button",
    {
      type: "button",
      role: "menuitem",
      tabindex: "-1",
      class: danger ? "danger" : null,
      "aria-label": label,
      "aria-description": why || null,
      "aria-disabled": why ? "true" : null,
      onclick: () => {
        if (why) return;
        closeMenu(true);
        run();
      },
    },
    label,
    reason,
  );
}

function place(menu, button) {
  const at = button.getBoundingClientRect();
  const fitsBelow = at.bottom + menu.offsetHeight + 8 < innerHeight;
  menu.style.top = `${fitsBelow ? at.bottom + 4 : Math.max(8, at.top - menu.offsetHeight - 4)}px`;
  menu.style.left = `${Math.max(8, Math.min(at.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`;
}

function moveWithin(menu, event) {
  const items = [...menu.children];
  const index = items.indexOf(document.activeElement);
  const target = { ArrowDown: index + 1, ArrowUp: index - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
  if (target !== undefined) {
    event.preventDefault();
    items[target % items.length].focus();
  } else if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    closeMenu(true);
  }
}

document.addEventListener("pointerdown", (event) => {
  if (open && !open.menu.contains(event.target) && !open.button.contains(event.target)) closeMenu();
});
addEventListener("resize", () => closeMenu());

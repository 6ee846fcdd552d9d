// What pages need beside htmx: dialogs, copying, menus, keys, the theme. Markup says what to do by data attributes.
"use strict";

const on = (type, selector, act) =>
  document.addEventListener(type, (event) => {
    const found = event.target.closest?.(selector);
    if (found) act(found, event);
  });

// Dialogs: data-opens="id" opens one, data-closes the one around it; dialog[data-open] is open from the start.
on("click", "[data-opens]", (button) => document.getElementById(button.dataset.opens)?.showModal());
on("click", "[data-closes]", (button) => button.closest("dialog")?.close());
// A click beside a dialog closes it, unless what was typed in its form[data-keeps] would be lost.
on("click", "dialog", (dialog, event) => {
  if (event.target !== dialog || dialog.querySelector("form[data-keeps]")) return;
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  const inside = event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom;
  if (!inside) dialog.close();
});
const openDialogs = (root) => root.querySelectorAll?.("dialog[data-open]:not([open])").forEach((one) => one.showModal());

// Copying: data-copies="id" copies the text of an element.
on("click", "[data-copies]", async (button) => {
  const text = document.getElementById(button.dataset.copies)?.textContent ?? "";
  const before = button.textContent;
  try { await navigator.clipboard.writeText(text); button.textContent = "Copied"; }
  catch { button.textContent = "Select and copy"; }
  setTimeout(() => { button.textContent = before; }, 1500);
});

// Forms: data-submits on a control sends its form when it changes; a form is sent once.
on("change", "[data-submits]", (control) => control.form?.requestSubmit());
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog" || form.hasAttribute("hx-post") || form.hasAttribute("hx-get")) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  form.querySelectorAll("button:not([name])").forEach((button) => { button.setAttribute("aria-disabled", "true"); });
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => {
  delete form.dataset.sent;
  form.querySelectorAll("button[aria-disabled]").forEach((button) => button.removeAttribute("aria-disabled"));
}));

// Parts that show only for a choice: data-shown-for="name=value value" inside the same form. What is hidden is not sent,
// unless the part has data-kept: then the server keeps it in case somebody chooses otherwise again.
const showParts = (root) => root.querySelectorAll?.("[data-shown-for]").forEach((part) => {
  const [name, values] = part.dataset.shownFor.split("=");
  const form = part.closest("form");
  const field = form?.querySelector(`[name="${name}"]:checked, select[name="${name}"]`);
  part.hidden = !values.split(" ").includes(field?.value ?? "");
  if ("kept" in part.dataset) return;
  part.querySelectorAll("input, select, textarea").forEach((one) => { one.disabled = part.hidden; });
});
document.addEventListener("change", (event) => { const form = event.target.form; if (form) showParts(form); });

// Keys: data-key="a" clicks its element, unless somebody is typing.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelectorAll("details.menu[open]").forEach((menu) => { menu.open = false; });
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector("dialog[open]")) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]:not([disabled])`);
  if (target) { event.preventDefault(); target.click(); }
});
document.addEventListener("click", (event) => document.querySelectorAll("details.menu[open]").forEach((menu) => {
  if (!menu.contains(event.target) || event.target.closest("a.item")) menu.open = false;
}));

// Theme: data-theme-choice="light", "dark" or "" (as the system has it); a cookie, so that pages come in it at once.
on("click", "[data-theme-choice]", (button) => {
  const theme = button.dataset.themeChoice;
  document.cookie = `gero_theme=${theme}; path=/; max-age=${theme ? 31536000 : 0}; samesite=lax`;
  if (theme) document.documentElement.dataset.theme = theme; else delete document.documentElement.dataset.theme;
  button.closest("details").open = false;
});

// htmx: what could not be sent or answered is said, not swallowed.
const tell = (text) => {
  const told = document.createElement("div");
  told.className = "alert failed"; told.setAttribute("role", "alert"); told.textContent = text;
  document.getElementById("notice").replaceChildren(told);
};
document.addEventListener("htmx:sendError", () => tell("The server cannot be reached. Check your connection; this page goes on when it is back."));
document.addEventListener("htmx:timeout", () => tell("The server took too long to answer. Try again."));
document.addEventListener("htmx:beforeRequest", () => document.getElementById("notice").replaceChildren());
document.addEventListener("htmx:afterSwap", (event) => { openDialogs(document); showParts(event.target.ownerDocument); });
document.addEventListener("DOMContentLoaded", () => {
  openDialogs(document);
  showParts(document);
  // Loaded again, a page with a secret that was made just now (data-once) is asked for, and makes no other.
  if (document.querySelector("[data-once]")) history.replaceState(null, "", location.href);
});

// Pickers with a search field: filter what is there or ask the app, turn choices into chips.

import { debounced, drawing, element } from "./page.js";
import { pickerChanged, suggestions } from "./kit.js";

const listOf = (picker) => picker.querySelector(".picker-list");
const fieldOf = (picker) => picker.querySelector(".picker-field");
const isRemote = (picker) => picker.dataset.askFrom !== undefined;
const takenBy = (picker) => new Set([...picker.querySelectorAll(".chip")].map((chip) => chip.dataset.key));

function filter(picker) {
  const typed = fieldOf(picker).value.trim().toLowerCase();
  const taken = takenBy(picker);
  for (const option of listOf(picker).children) {
    const fits = isRemote(picker) || option.textContent.toLowerCase().includes(typed);
    option.hidden = taken.has(option.dataset.key) || !fits;
    option.removeAttribute("aria-selected");
  }
  visible(picker)[0]?.setAttribute("aria-selected", "true");
}

const visible = (picker) => [...listOf(picker).querySelectorAll("li[data-option]:not([hidden])")];

function open(picker) {
  filter(picker);
  listOf(picker).hidden = false;
  fieldOf(picker).setAttribute("aria-expanded", "true");
}

function close(picker) {
  listOf(picker).hidden = true;
  fieldOf(picker).setAttribute("aria-expanded", "false");
}

const fill = debounced(async (picker) => {
  const typed = fieldOf(picker).value.trim();
  if (typed.length < Number(picker.dataset.askFrom)) return;
  const options = await suggestions(picker, typed);
  const rows = options.map((option) =>
    element(
      "li",
      { role: "option", "data-option": JSON.stringify(option), "data-key": option.value, tabindex: -1 },
      option.text.text,
    ),
  );
  const none = element("li", { class: "empty" }, "Nothing found");
  listOf(picker).replaceChildren(...(rows.length ? rows : [none]));
  open(picker);
}, 250);

function choose(picker, option) {
  const chips = picker.querySelectorAll(".chip");
  const limit = Number(picker.dataset.limit);
  if (limit === 1) for (const chip of chips) chip.remove();
  else if (chips.length >= limit) return;
  const label = option.textContent;
  const remove = element("button", { type: "button", "aria-label": `Remove ${label}` }, drawing("close"));
  const data = { class: "chip", "data-option": option.dataset.option, "data-key": option.dataset.key };
  fieldOf(picker).before(element("span", data, label, remove));
  fieldOf(picker).value = "";
  close(picker);
  pickerChanged(picker);
}

function move(picker, step) {
  const shown = visible(picker);
  const at = shown.findIndex((option) => option.getAttribute("aria-selected") === "true");
  shown[at]?.removeAttribute("aria-selected");
  const next = shown.at((at + step + shown.length) % Math.max(shown.length, 1));
  next?.setAttribute("aria-selected", "true");
  next?.scrollIntoView({ block: "nearest" });
}

function onKey(event) {
  const picker = event.target.closest?.(".picker");
  if (!picker || !event.target.matches(".picker-field")) return;
  if (event.key === "Escape" && !listOf(picker).hidden) {
    event.preventDefault();
    event.stopPropagation();
    close(picker);
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (listOf(picker).hidden) open(picker);
    else move(picker, event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter") {
    event.preventDefault();
    const option = listOf(picker).querySelector('[aria-selected="true"]');
    if (option && !listOf(picker).hidden) choose(picker, option);
  } else if (event.key === "Backspace" && !event.target.value) {
    const last = [...picker.querySelectorAll(".chip")].at(-1);
    last?.remove();
    if (last) pickerChanged(picker);
  }
}

function onDown(event) {
  const picker = event.target.closest?.(".picker");
  for (const other of document.querySelectorAll(".picker")) if (other !== picker) close(other);
  if (!picker) return;
  const option = event.target.closest("li[data-option]");
  const remove = event.target.closest(".chip button");
  if (option) {
    event.preventDefault();
    choose(picker, option);
  } else if (remove) {
    remove.closest(".chip").remove();
    pickerChanged(picker);
  }
}

/** Start listening to pickers anywhere on the page. */
export function listenToPickers() {
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("pointerdown", onDown);
  document.addEventListener("focusin", (event) => {
    if (!event.target.matches?.(".picker-field")) return;
    const picker = event.target.closest(".picker");
    if (isRemote(picker)) fill(picker);
    else open(picker);
  });
  document.addEventListener("input", (event) => {
    if (!event.target.matches?.(".picker-field")) return;
    const picker = event.target.closest(".picker");
    if (isRemote(picker)) fill(picker);
    else open(picker);
  });
}

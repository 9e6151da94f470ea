// The field one writes in: sending, drafts that outlive everything, and hints for commands,
// people and channels as one types.

import { channel, drawing, element, explain, me, post, toast } from "./page.js";
import { afterRefresh, refresh, toBottom } from "./live.js";

const HINTS_SHOWN = 8;
let selected = 0;

const fieldOf = (form) => form.querySelector("textarea");
const hintsOf = (form) => form.querySelector(".hints");
const draftKey = (form) => `draft:${me}:${form.dataset.channel}:${form.dataset.thread ?? ""}`;

function lexicon(kind) {
  return JSON.parse(document.getElementById("lexicon").dataset[kind]);
}

// --- drafts ---------------------------------------------------------------------------------

function keepDraft(form) {
  const text = fieldOf(form).value;
  if (text) localStorage.setItem(draftKey(form), text);
  else localStorage.removeItem(draftKey(form));
  form.classList.toggle("ready", text.trim() !== "");
}

function loadDraft(form) {
  const field = fieldOf(form);
  if (form.dataset.loaded === draftKey(form)) return;
  form.dataset.loaded = draftKey(form);
  field.value = localStorage.getItem(draftKey(form)) ?? "";
  form.classList.toggle("ready", field.value.trim() !== "");
}

function loadDrafts({ moved } = {}) {
  for (const form of document.querySelectorAll("[data-composer]")) {
    const isNew = form.dataset.loaded !== draftKey(form);
    loadDraft(form);
    const wanted = form.dataset.composer === "thread" ? isNew : moved;
    if (wanted && !document.querySelector("dialog[open]")) fieldOf(form).focus();
  }
}

// --- sending --------------------------------------------------------------------------------

async function send(form) {
  const field = fieldOf(form);
  const text = field.value.trim();
  if (!text) return;
  field.value = "";
  keepDraft(form);
  closeHints(form);
  const outcome = await post("say", { channel: form.dataset.channel, thread_ts: form.dataset.thread ?? null, text });
  if (!outcome.ok) {
    if (!field.value) field.value = text;
    keepDraft(form);
    toast(text.startsWith("/") ? `${text.split(/\s/)[0]}: ${explain(outcome.error)}` : explain(outcome.error));
  }
  await refresh();
  if (form.dataset.composer === "channel") toBottom();
}

// --- hints ----------------------------------------------------------------------------------

/** What can be completed at the caret: rows to show, and the text each would put in. */
function suggest(field) {
  const before = field.value.slice(0, field.selectionStart);
  if (before.startsWith("/")) {
    const command = commandRows(before);
    if (command.rows.length) return command;
  }
  const word = /(?:^|\s)([@#])([\w.-]*)$/.exec(before);
  if (!word) return { rows: [], from: 0 };
  const [, mark, typed] = word;
  return { rows: mark === "@" ? peopleRows(typed) : channelRows(typed), from: before.length - typed.length - 1 };
}

function commandRows(before) {
  const [, name, gap, rest] = /^(\/\S*)(\s*)(.*)$/s.exec(before);
  const commands = lexicon("commands");
  if (!gap) {
    const fitting = commands.filter((command) => command.name.startsWith(name));
    return { from: 0, rows: fitting.map((command) => ({ text: `${command.name} `, ...describe(command) })) };
  }
  const known = commands.find((command) => command.name === name);
  const verbs = known ? verbsOf(known.usage) : [];
  if (!known || /\s/.test(rest)) return { from: 0, rows: [] };
  const fitting = verbs.filter((verb) => verb.startsWith(rest));
  const from = name.length + gap.length;
  return { from, rows: fitting.map((verb) => ({ text: `${verb} `, title: verb, usage: "", note: `${name} ${verb}`, icon: "slash" })) };
}

const describe = (command) => ({ title: command.name, usage: command.usage, note: command.note, icon: "bolt" });

/** Read the verbs out of a usage hint such as `[status | checklist | declare]`. */
function verbsOf(usage) {
  const parts = usage.replace(/[[\]()<>]/g, " ").split("|").map((part) => part.trim().split(/\s+/)[0]);
  return parts.length > 1 ? parts.filter((part) => /^[a-z][a-z-]*$/.test(part)) : [];
}

function peopleRows(typed) {
  const wanted = typed.toLowerCase();
  const fits = (person) => person.name.toLowerCase().startsWith(wanted) || person.label.toLowerCase().split(" ").some((part) => part.startsWith(wanted));
  return lexicon("people").filter(fits).map((person) => ({
    text: `@${person.name} `, title: person.label, usage: `@${person.name}`, note: person.note, person,
  }));
}

function channelRows(typed) {
  const fitting = lexicon("channels").filter((entry) => entry.name.includes(typed.toLowerCase()));
  return fitting.map((entry) => ({ text: `#${entry.name} `, title: entry.name, usage: "", note: "", icon: "hash" }));
}

function showHints(form) {
  const field = fieldOf(form);
  const { rows, from } = suggest(field);
  const shown = rows.slice(0, HINTS_SHOWN);
  selected = 0;
  const made = shown.map((row, place) => hintRow(form, row, place, from));
  hintsOf(form).replaceChildren(...made);
  hintsOf(form).hidden = made.length === 0;
  select(form, 0);
}

function hintRow(form, row, place, from) {
  const item = element(
    "li",
    { class: "hint-row", role: "option", id: `${hintsOf(form).id}-${place}` },
    row.person ? face(row.person) : drawing(row.icon),
    element("b", {}, row.title),
    element("span", { class: "hint-usage" }, row.usage),
    element("span", { class: "hint-note" }, row.note),
  );
  item.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    complete(form, row.text, from);
  });
  item.complete = () => complete(form, row.text, from);
  return item;
}

function face(person) {
  const words = person.label.split(/\s+/);
  const initials = words.length > 1 ? words[0][0] + words.at(-1)[0] : words[0][0];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "avatar");
  svg.setAttribute("viewBox", "0 0 36 36");
  const rect = document.createElementNS(svg.namespaceURI, "rect");
  for (const [name, value] of [["width", 36], ["height", 36], ["rx", 8], ["fill", `#${person.color}`]]) rect.setAttribute(name, value);
  const text = document.createElementNS(svg.namespaceURI, "text");
  text.setAttribute("x", 18);
  text.setAttribute("y", 18);
  text.textContent = initials.toUpperCase();
  svg.append(rect, text);
  return svg;
}

function select(form, place) {
  const rows = [...hintsOf(form).children];
  selected = rows.length ? (place + rows.length) % rows.length : 0;
  rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === selected)));
  rows[selected]?.scrollIntoView({ block: "nearest" });
  const field = fieldOf(form);
  field.setAttribute("aria-expanded", String(rows.length > 0));
  if (rows.length) field.setAttribute("aria-activedescendant", rows[selected].id);
  else field.removeAttribute("aria-activedescendant");
}

function closeHints(form) {
  hintsOf(form).replaceChildren();
  hintsOf(form).hidden = true;
  select(form, 0);
}

function complete(form, text, from) {
  const field = fieldOf(form);
  field.setRangeText(text, from, field.selectionStart, "end");
  field.focus();
  keepDraft(form);
  showHints(form);
}

// --- keys and tools -------------------------------------------------------------------------

function onKey(event) {
  const form = event.target.closest?.("[data-composer]");
  if (!form || !event.target.matches("textarea") || event.isComposing) return;
  const open = !hintsOf(form).hidden;
  if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    select(form, selected + (event.key === "ArrowDown" ? 1 : -1));
  } else if (open && (event.key === "Tab" || (event.key === "Enter" && wantsMore(form)))) {
    event.preventDefault();
    hintsOf(form).children[selected].complete();
  } else if (event.key === "Escape" && open) {
    event.preventDefault();
    event.stopPropagation();
    closeHints(form);
  } else if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    send(form);
  } else if (event.key === "ArrowUp" && !event.target.value) {
    event.preventDefault();
    form.dispatchEvent(new CustomEvent("edit-last", { bubbles: true }));
  }
}

/** Enter completes a hint, unless what was typed is already the whole of it. */
function wantsMore(form) {
  const { rows, from } = suggest(fieldOf(form));
  const typed = fieldOf(form).value.slice(from).trim();
  return rows.length > 0 && rows[selected]?.text.trim() !== typed;
}

function onTool(event) {
  const button = event.target.closest("[data-insert]");
  if (!button) return;
  const form = button.closest("[data-composer]");
  const field = fieldOf(form);
  const mark = button.dataset.insert;
  if (mark === ":") {
    form.dispatchEvent(new CustomEvent("pick-emoji", { bubbles: true, detail: { button, field } }));
    return;
  }
  field.focus();
  if (mark === "/") {
    if (!field.value.startsWith("/")) field.setRangeText("/", 0, field.value ? 0 : field.value.length, "end");
  } else if (mark === "@") {
    const gap = /\S$/.test(field.value.slice(0, field.selectionStart)) ? " @" : "@";
    field.setRangeText(gap, field.selectionStart, field.selectionEnd, "end");
  } else wrap(field, mark);
  keepDraft(form);
  showHints(form);
}

function wrap(field, mark) {
  const [start, end] = [field.selectionStart, field.selectionEnd];
  const inner = field.value.slice(start, end);
  field.setRangeText(`${mark}${inner}${mark}`, start, end, "end");
  if (!inner) field.setSelectionRange(start + 1, start + 1);
}

/** Put text where the caret is, as the emoji menu does. */
export function insert(field, text) {
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.focus();
  keepDraft(field.closest("[data-composer]"));
}

/** Start listening to every composer. */
export function listenToComposers() {
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-composer]");
    if (!form) return;
    event.preventDefault();
    send(form);
  });
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onTool);
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("[data-composer]");
    if (!form) return;
    keepDraft(form);
    showHints(form);
  });
  document.addEventListener("focusout", (event) => {
    const form = event.target.closest?.("[data-composer]");
    if (form && !form.contains(event.relatedTarget)) closeHints(form);
  });
  afterRefresh(loadDrafts);
  loadDrafts({ moved: matchMedia("(pointer: fine)").matches && Boolean(channel()) });
}

// Modals: showing the view in front, checking what Slack's client checks, submitting, closing.

import { act, announce, explain, post } from "./page.js";
import { afterRefresh, beforeRefresh, refresh } from "./live.js";
import { remember, restore } from "./morph.js";
import { values } from "./kit.js";

const drafts = new Map(); // view id -> what was typed, for views that others lie on top of
let opener = null;

const dialog = () => document.getElementById("modal");

function keepDraft() {
  const shown = dialog();
  if (shown) drafts.set(shown.dataset.view, remember(shown));
}

function present() {
  const shown = dialog();
  if (!shown) {
    drafts.clear();
    if (opener?.isConnected) opener.focus();
    opener = null;
    return;
  }
  if (shown.open) return;
  opener ??= document.activeElement;
  const kept = drafts.get(shown.dataset.view);
  shown.showModal();
  if (kept) restore(shown, kept);
  if (!kept?.focus) shown.querySelector(".modal-body :is(input, select, textarea), .modal-foot button")?.focus();
  shown.addEventListener("cancel", (event) => {
    event.preventDefault();
    close(shown, false);
  });
}

async function close(shown, all) {
  const cleared = all || shown.dataset.clearOnClose !== undefined;
  await act("close", { view_id: shown.dataset.view, cleared });
  drafts.delete(shown.dataset.view);
  refresh();
}

const EMPTY = (value) => value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);
const LOOKS_LIKE_EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** Say what is wrong with one input block before the app is bothered, as Slack's client does. */
function complaint(block) {
  const control = block.querySelector("[data-control]");
  if (!control) return null;
  const { type, ...rest } = values(block)[control.dataset.block]?.[control.dataset.action] ?? {};
  const value = Object.values(rest)[0];
  if (EMPTY(value)) return block.dataset.required !== undefined ? "Please complete this required field." : null;
  if (type === "email_text_input" && !LOOKS_LIKE_EMAIL.test(value)) return "Please enter a valid e-mail address.";
  if (type === "url_text_input" && !URL.canParse(value)) return "Please enter a valid URL.";
  if (type === "number_input" && Number.isNaN(Number(value))) return "Please enter a number.";
  if (control.minLength > 0 && value.length < control.minLength) return `Please enter at least ${control.minLength} characters.`;
  return null;
}

/** Show errors under their fields and move to the first. */
function complain(form, errors) {
  let first = null;
  for (const block of form.querySelectorAll("[data-input-block]")) {
    const text = errors[block.dataset.inputBlock];
    const said = block.querySelector(".field-error");
    const field = block.querySelector("input, select, textarea, [data-control]");
    block.classList.toggle("invalid", Boolean(text));
    said.hidden = !text;
    said.textContent = text ?? "";
    field?.toggleAttribute("aria-invalid", Boolean(text));
    if (text) field?.setAttribute("aria-describedby", said.id);
    first ??= text ? field : null;
  }
  first?.focus();
}

async function submit(event) {
  const form = event.target.closest("[data-view-form]");
  if (!form) return;
  event.preventDefault();
  const errors = {};
  for (const block of form.querySelectorAll("[data-input-block]")) {
    const text = complaint(block);
    if (text) errors[block.dataset.inputBlock] = text;
  }
  complain(form, errors);
  if (Object.keys(errors).length) return;
  await tell(form);
}

async function tell(form) {
  const button = form.querySelector('[type="submit"]');
  const said = form.querySelector(".modal-error");
  button.disabled = true;
  said.textContent = "";
  const outcome = await post("submit", { view_id: form.dataset.viewForm, values: values(form) });
  button.disabled = false;
  if (outcome.errors) complain(form, outcome.errors);
  else if (!outcome.ok) said.textContent = explain(outcome.error);
  else announce("Submitted");
  await refresh();
}

/** Start showing modals. */
export function listenToModals() {
  beforeRefresh(keepDraft);
  afterRefresh(present);
  document.addEventListener("submit", submit);
  document.addEventListener("click", (event) => {
    const button = event.target.closest('[data-do="close-view"]');
    if (button) close(button.closest("dialog"), button.dataset.all !== undefined);
  });
  present();
}

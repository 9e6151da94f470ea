// Block Kit: reading what a person chose, telling the app, asking "are you sure" first.

import { refresh } from "./live.js";
import { act, element, explain, post, toast } from "./page.js";

const parse = (text) => (text ? JSON.parse(text) : null);
const chosen = (options) => [...options].map((option) => parse(option.dataset.option));
const seconds = (value) => (value ? Math.floor(new Date(value).getTime() / 1000) : null);

// What each kind of control says about itself, in the words of Slack's state values.
const READ = {
  static_select: (node) => ({ selected_option: parse(node.selectedOptions[0]?.dataset.option) }),
  users_select: (node) => ({ selected_user: node.value || null }),
  channels_select: (node) => ({ selected_channel: node.value || null }),
  conversations_select: (node) => ({ selected_conversation: node.value || null }),
  multi_static_select: (node) => ({ selected_options: chosen(node.querySelectorAll(".chip")) }),
  multi_external_select: (node) => ({ selected_options: chosen(node.querySelectorAll(".chip")) }),
  external_select: (node) => ({ selected_option: chosen(node.querySelectorAll(".chip"))[0] ?? null }),
  multi_users_select: (node) => ({ selected_users: chosen(node.querySelectorAll(".chip")) }),
  multi_channels_select: (node) => ({ selected_channels: chosen(node.querySelectorAll(".chip")) }),
  multi_conversations_select: (node) => ({ selected_conversations: chosen(node.querySelectorAll(".chip")) }),
  checkboxes: (node) => ({ selected_options: chosen(node.querySelectorAll(":checked")) }),
  radio_buttons: (node) => ({ selected_option: chosen(node.querySelectorAll(":checked"))[0] ?? null }),
  datepicker: (node) => ({ selected_date: node.value || null }),
  timepicker: (node) => ({ selected_time: node.value || null }),
  datetimepicker: (node) => ({ selected_date_time: seconds(node.value) }),
  plain_text_input: (node) => ({ value: node.value || null }),
  email_text_input: (node) => ({ value: node.value || null }),
  url_text_input: (node) => ({ value: node.value || null }),
  number_input: (node) => ({ value: node.value || null }),
  rich_text_input: (node) => ({ rich_text_value: node.value ? richText(node.value) : null }),
};

function richText(text) {
  const section = { type: "rich_text_section", elements: [{ type: "text", text }] };
  return { type: "rich_text", elements: [section] };
}

/** Read one control: `{type, ...}` as it stands in Slack's state values. */
export function read(control) {
  const kind = control.dataset.control;
  return { type: kind, ...READ[kind](control) };
}

/** Read every control below `root`: block id, action id, value. */
export function values(root) {
  const found = {};
  for (const control of root.querySelectorAll("[data-control]")) {
    if (!READ[control.dataset.control]) continue;
    (found[control.dataset.block] ??= {})[control.dataset.action] = read(control);
  }
  return found;
}

/** Where a control stands: a view, or a message (perhaps one only this person sees). */
function containerOf(node) {
  const view = node.closest("[data-view]");
  if (view) return { root: view, container: { view_id: view.dataset.view } };
  const message = node.closest("article.message");
  const { channel, ts, ephemeral } = message.dataset;
  return { root: message, container: { channel, ts, ephemeral: ephemeral !== undefined } };
}

async function send(control, details) {
  const { root, container } = containerOf(control);
  const action = {
    type: control.dataset.control,
    block_id: control.dataset.block,
    action_id: control.dataset.action,
    ...details,
  };
  const state = values(root);
  if (control.dataset.confirm && !(await confirmed(JSON.parse(control.dataset.confirm)))) {
    await takeBack(control);
    return;
  }
  control.setAttribute("aria-busy", "true");
  await act("click", { container, action, state: { values: state } });
  control.removeAttribute("aria-busy");
}

/** Show a control as it was before a choice that the person then did not confirm. */
async function takeBack(control) {
  delete control.dataset.dirty;
  const drawnWith = control.closest("[data-hash]");
  if (drawnWith) drawnWith.dataset.hash = "";
  await refresh();
}

/** Ask what an app wants asked before it is told. Resolves to whether the person agreed. */
function confirmed(asked) {
  return ask({
    title: asked.title?.text ?? "Are you sure?",
    text: asked.text?.text ?? "",
    yes: asked.confirm?.text ?? "Yes",
    no: asked.deny?.text ?? "Cancel",
    danger: asked.style === "danger",
  });
}

/** Ask a question in a dialog. */
export function ask({ title, text, yes, no = "Cancel", danger = false }) {
  const style = danger ? "btn btn-danger filled" : "btn btn-primary";
  const agree = element("button", { class: style, value: "yes" }, yes);
  const deny = element("button", { class: "btn", value: "no" }, no);
  const form = element(
    "form",
    { method: "dialog" },
    element("header", { class: "modal-head" }, element("h2", { id: "confirm-title" }, title)),
    element("div", { class: "modal-body" }, element("p", {}, text)),
    element("footer", { class: "modal-foot" }, deny, agree),
  );
  const dialog = element("dialog", { class: "modal confirm", "aria-labelledby": "confirm-title" }, form);
  document.body.append(dialog);
  dialog.showModal();
  agree.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
  });
}

function onClick(event) {
  const item = event.target.closest(".menu-item[data-option]");
  if (item) {
    const menu = item.closest(".menu");
    menu.hidePopover();
    const control = document.querySelector(`[data-menu="${CSS.escape(menu.id)}"]`);
    if (item.dataset.href) open(item.dataset.href, "_blank", "noopener,noreferrer");
    send(control, { selected_option: parse(item.dataset.option) });
    return;
  }
  const button = event.target.closest('[data-control="button"]');
  if (!button || button.getAttribute("aria-busy") === "true") return;
  const value = button.dataset.value;
  send(button, value === undefined ? {} : { value });
}

function onChange(event) {
  const control = event.target.closest("[data-control]");
  if (!control || control.dataset.acts === undefined) return;
  if (control.matches(".text-input:not(.short), .picker")) return;
  const { type, ...details } = read(control);
  send(control, details);
}

function onKey(event) {
  const field = event.target;
  if (event.key !== "Enter" || event.isComposing || !field.matches?.("input.text-input[data-acts]")) return;
  const on = field.dataset.on;
  if (on && !on.includes("on_enter_pressed")) return;
  event.preventDefault();
  send(field, { value: field.value });
}

let typing = 0;
function onInput(event) {
  const field = event.target;
  if (!field.matches?.('[data-acts][data-on~="on_character_entered"]')) return;
  clearTimeout(typing);
  typing = setTimeout(() => send(field, { value: field.value }), 300);
}

/** Tell the app about a picker's new choice, where it wants to hear. */
export function pickerChanged(picker) {
  picker.dataset.dirty = "1";
  if (picker.dataset.acts === undefined) return;
  const { type, ...details } = read(picker);
  send(picker, details);
}

/** Ask the app for the options of a picker it fills itself. */
export async function suggestions(picker, typed) {
  const { container } = containerOf(picker);
  const { block, action } = picker.dataset;
  const outcome = await post("suggest", { container, block_id: block, action_id: action, value: typed });
  if (!outcome.ok) toast(explain(outcome.error));
  return outcome.options ?? [];
}

/** Start listening to controls anywhere on the page. */
export function listenToControls() {
  document.addEventListener("click", onClick);
  document.addEventListener("change", onChange);
  document.addEventListener("keydown", onKey);
  document.addEventListener("input", onInput);
}

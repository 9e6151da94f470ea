// The workbench: firing alerts and turning faults on, through the sandbox's own control API.

import { announce, explain, toast } from "./page.js";
import { refresh } from "./live.js";

const REFRESH_SECONDS = 2;

async function control(method, path, body) {
  try {
    const reply = await fetch(path, {
      method,
      headers: { "Content-Type": "application/json", "X-Sandbox": "1" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const said = reply.status === 204 ? {} : await reply.json();
    return { ok: reply.ok, ...said };
  } catch (error) {
    console.warn("control request failed", path, error);
    return { ok: false, error: "offline" };
  }
}

function fieldsOf(form) {
  const fields = {};
  for (const [name, value] of new FormData(form)) {
    if (value !== "") fields[name] = form.elements[name].type === "number" ? Number(value) : value;
  }
  return fields;
}

async function send(source, button, body) {
  button.disabled = true;
  const { controlMethod: method = "POST", controlPath: path, done = "Done" } = source.dataset;
  const outcome = await control(method, path, body);
  button.disabled = false;
  tell(outcome, done);
  await refresh();
}

/** Say what became of it; for an alert also what the webhook answered. */
function tell(outcome, done) {
  if (outcome.ok === false) toast(explain(outcome.error));
  else if (outcome.group_id && outcome.status !== 200 && outcome.status !== 202) {
    toast(`The webhook did not take the alert: ${outcome.error ?? outcome.status}`);
  } else announce(done);
}

function onSubmit(event) {
  const form = event.target.closest("form[data-control-path]");
  if (!form) return;
  event.preventDefault();
  send(form, event.submitter ?? form.querySelector('[type="submit"]'), fieldsOf(form));
}

function onClick(event) {
  const button = event.target.closest("button[data-control-path]");
  if (!button) return;
  const { controlBody } = button.dataset;
  send(button, button, controlBody === undefined ? undefined : JSON.parse(controlBody));
}

/** A fault's kind decides which numbers it needs; hide the others. */
function fitFaultForm() {
  const kind = document.getElementById("bench-kind");
  if (!kind) return;
  for (const field of kind.form.querySelectorAll("[data-for-kinds]")) {
    const needed = field.dataset.forKinds.split(" ").includes(kind.value);
    field.hidden = !needed;
    field.querySelector("input").disabled = !needed;
  }
}

/** Start listening to the workbench. */
export function listenToWorkbench() {
  document.addEventListener("submit", onSubmit);
  document.addEventListener("click", onClick);
  document.addEventListener("change", (event) => event.target.id === "bench-kind" && fitFaultForm());
  document.addEventListener("toggle", fitFaultForm, true);
  setInterval(() => {
    const open = new URLSearchParams(location.search).get("pane") === "workbench";
    if (open && document.visibilityState === "visible") refresh();
  }, REFRESH_SECONDS * 1000);
}

// What every part of the page needs: who is looking and where, talking to the server, being heard.

export const me = document.body.dataset.me;

/** The query of the address: pane, tab, limit and the like. */
export function query() {
  return new URLSearchParams(location.search);
}

/** The id of the conversation in front. */
export function channel() {
  return document.body.dataset.channel;
}

const SAID = {
  operation_timeout: "The app did not answer within 3 seconds.",
  app_unreachable: "The app is not connected.",
  dispatch_failed: "The app is not connected.",
  unknown_command: "There is no such command. Type / to see which there are.",
  not_in_channel: "Join the channel first.",
  is_archived: "This channel is archived.",
  expired_trigger_id: "The app took too long to open its dialog.",
  offline: "This page cannot reach the sandbox.",
};

/** Say an error the way a person can use it, with the code they can search for. */
export function explain(code) {
  return SAID[code] ? `${SAID[code]} (${code})` : `That did not work: ${code}`;
}

/** Do something on the server. Always resolves; `ok` says whether it worked, `error` why not. */
export async function post(path, body = {}) {
  try {
    const reply = await fetch(path.startsWith("/") ? path : `/page/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Sandbox": "1" },
      body: JSON.stringify({ me, ...body }),
    });
    const said = await reply.json();
    return { ok: reply.ok, ...said };
  } catch (error) {
    console.warn("request failed", path, error);
    return { ok: false, error: "offline" };
  }
}

/** Do something, and show a toast if it did not work. */
export async function act(path, body) {
  const outcome = await post(path, body);
  if (!outcome.ok) toast(explain(outcome.error));
  return outcome;
}

/** Tell a screen reader something, without moving focus. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

/** Show a short notice that goes away by itself. */
export function toast(text, { seconds = 7, icon = "warning" } = {}) {
  const role = icon === "warning" ? "alert" : "status";
  const shown = element("div", { class: "toast", role }, drawing(icon), element("span", {}, text));
  const close = element("button", { type: "button", "aria-label": "Dismiss" }, "×");
  close.addEventListener("click", () => shown.remove());
  shown.append(close);
  document.getElementById("toasts").append(shown);
  setTimeout(() => shown.remove(), seconds * 1000);
}

/** Make an element; strings become text, never markup. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** Draw an icon from the sheet in the page. */
export function drawing(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Run `work` once things have been quiet for `wait` milliseconds. */
export function debounced(work, wait) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), wait);
  };
}

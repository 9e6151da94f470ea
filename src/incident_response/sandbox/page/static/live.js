// Staying up to date: the event stream, fetching the page again, going from one place to another.

import { announce, channel, debounced, me, post } from "./page.js";
import { takeOver } from "./morph.js";

const after = new Set();
let running = null;
let again = false;
let since = null;

/** Call `work` after every time the page was brought up to date. */
export function afterRefresh(work) {
  after.add(work);
}

/** Bring the page up to date; calls made meanwhile lead to one more round. */
export async function refresh() {
  if (running) {
    again = true;
    return running;
  }
  running = (async () => {
    do {
      again = false;
      await fetchAndTakeOver(location.href);
    } while (again);
  })();
  try {
    await running;
  } finally {
    running = null;
  }
}

/** Go to another place of this page, keeping drafts and the event stream. */
export async function navigate(address, { replace = false } = {}) {
  const target = new URL(address, location.href);
  const moved = target.pathname !== location.pathname;
  if (moved) {
    await tellRead(); // what was on the screen has been read, however short the look
    since = null;
  }
  history[replace ? "replaceState" : "pushState"](null, "", target);
  again = false;
  await fetchAndTakeOver(target, { moved });
  if (moved) toBottom();
}

/** Change the pane at the right (`""` closes it), or another part of the query. */
export function setQuery(changes) {
  const target = new URL(location.href);
  for (const [key, value] of Object.entries(changes)) {
    if (value) target.searchParams.set(key, value);
    else target.searchParams.delete(key);
  }
  return navigate(target);
}

async function fetchAndTakeOver(address, { moved = false } = {}) {
  const target = new URL(address, location.href);
  if (since !== null) target.searchParams.set("since", since);
  let fresh;
  try {
    const reply = await fetch(target, { headers: { "X-Fragment": "1" } });
    if (reply.redirected || !reply.ok) {
      location.assign(reply.redirected ? reply.url : "/");
      return;
    }
    fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
  } catch (error) {
    connection("away");
    console.warn("refresh failed", error);
    return;
  }
  show(fresh, moved);
}

function show(fresh, moved) {
  for (const work of leaving) work();
  const anchored = atBottom();
  const arrived = [];
  document.title = fresh.title;
  Object.assign(document.body.dataset, fresh.body.dataset);
  takeOver(fresh, { onNew: (made, old) => arrived.push([made, old]) });
  if (anchored && !moved) toBottom();
  if (!moved) greet(arrived);
  for (const work of after) work({ moved });
  markRead();
}

const leaving = new Set();
/** Call `work` just before the page changes. */
export function beforeRefresh(work) {
  leaving.add(work);
}

function greet(arrived) {
  for (const [made, old] of arrived) {
    const isNews = !old && made.matches("#messages article.message") && made.dataset.mine === undefined;
    if (!isNews) continue;
    made.classList.add("arrived");
    announce(`${made.getAttribute("aria-label")}: ${made.querySelector(".body").textContent.trim().slice(0, 300)}`);
  }
}

const scroller = () => document.getElementById("messages");

function atBottom() {
  const list = scroller();
  return list.scrollHeight - list.scrollTop - list.clientHeight < 80;
}

/** Show the newest message. */
export function toBottom() {
  const list = scroller();
  list.scrollTop = list.scrollHeight;
}

async function tellRead() {
  if (document.visibilityState !== "visible") return;
  const newest = [...document.querySelectorAll("#messages [data-ts]")].at(-1)?.dataset.ts;
  const list = document.querySelector('[data-region="messages"]');
  if (!newest || (list.dataset.read && newest <= list.dataset.read)) return;
  if (since === null || !document.querySelector(".new-line")) {
    since = document.querySelector(".new-line") ? list.dataset.read : newest;
  }
  await post("read", { channel: channel(), ts: newest });
}

const markRead = debounced(tellRead, 250);

function connection(state) {
  const shown = document.getElementById("connection");
  shown.dataset.state = state;
  shown.textContent = state === "live" ? "Live" : "Reconnecting…";
}

/** Start listening. The stream only says that something changed; the page is fetched again. */
export function listen() {
  const poke = debounced(refresh, 40);
  let last = 0;
  const stream = new EventSource(`/page/events?me=${me}`);
  stream.addEventListener("open", () => {
    connection("live");
    poke();
  });
  stream.addEventListener("error", () => connection("away"));
  stream.addEventListener("change", () => {
    if (performance.now() - last > 400) {
      last = performance.now();
      refresh();
    } else poke();
  });
  addEventListener("popstate", () => fetchAndTakeOver(location.href, { moved: true }).then(toBottom));
  addEventListener("visibilitychange", markRead);
  markRead();
}

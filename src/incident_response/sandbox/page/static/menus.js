// Menus and what hangs on a message: reactions, pins, threads, editing, shortcuts; moving through
// messages by keyboard; who one is; light and dark.

import { act, channel, element, query, toast } from "./page.js";
import { afterRefresh, navigate, refresh, setQuery } from "./live.js";
import { ask } from "./kit.js";
import { insert } from "./compose.js";

let subject = null; // the message a menu is about
let target = null; // the field an emoji goes into, when it is not a reaction

// --- menus ----------------------------------------------------------------------------------

function place(menu, opener) {
  const box = opener.getBoundingClientRect();
  menu.style.visibility = "hidden";
  menu.showPopover();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = box.bottom + 4 + height < innerHeight;
  menu.style.left = `${Math.max(8, Math.min(box.right - width, innerWidth - width - 8))}px`;
  menu.style.top = `${below ? box.bottom + 4 : Math.max(8, box.top - height - 4)}px`;
  menu.style.visibility = "";
  opener.setAttribute("aria-expanded", "true");
  opener.closest(".toolbar")?.classList.add("held");
  menu.addEventListener("toggle", function closed(event) {
    if (event.newState !== "closed") return;
    opener.setAttribute("aria-expanded", "false");
    opener.closest(".toolbar")?.classList.remove("held");
    menu.removeEventListener("toggle", closed);
    if (menu.contains(document.activeElement)) opener.focus();
  });
  menu.querySelector("a, button")?.focus();
}

function onMenuKey(event) {
  const menu = event.target.closest?.(".menu");
  if (!menu || !["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) return;
  event.preventDefault();
  const items = [...menu.querySelectorAll("a, button")].filter((item) => !item.hidden);
  const at = items.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  const next = event.key === "Home" ? 0 : event.key === "End" ? -1 : (at + step + items.length) % items.length;
  items.at(next)?.focus();
}

function openMessageMenu(button) {
  const menu = document.getElementById("message-menu");
  const mine = subject.dataset.mine !== undefined;
  const pinned = subject.dataset.pinned !== undefined;
  for (const item of menu.querySelectorAll("[data-when]")) {
    item.hidden = item.dataset.when === "mine" ? !mine : (item.dataset.when === "pinned") !== pinned;
  }
  place(menu, button);
}

// --- what can be done to a message ----------------------------------------------------------

const about = (message) => ({ channel: message.dataset.channel, ts: message.dataset.ts });

const DOES = {
  react: (button, message) => act("react", { ...about(message), name: button.dataset.name }),
  "react-menu": (button) => {
    target = null;
    place(document.getElementById("emoji-menu"), button);
  },
  "message-menu": openMessageMenu,
  thread: (_button, message) => setQuery({ pane: `thread-${message.dataset.thread}` }),
  dismiss: (_button, message) => act("dismiss", about(message)).then(refresh),
  pane: (button) => setQuery({ pane: query().get("pane") === button.dataset.pane ? "" : button.dataset.pane }),
  tab: (button) => setQuery({ tab: button.dataset.tab }).then(lookHome),
  earlier: showEarlier,
  join: () => act("join", { channel: channel() }).then(refresh),
  jump: (button) => jump(button.dataset.ts),
  leave: leave,
  archive: archive,
  theme: toggleTheme,
  sidebar: () => document.body.classList.toggle("nav-open"),
};

/** Tell the app that its Home is being looked at; it may publish it only then. */
async function lookHome() {
  if (query().get("tab") === "home") await act("home");
}

/** Show twice as many messages, keeping in view what was in view. */
async function showEarlier(button) {
  const list = document.getElementById("messages");
  const below = list.scrollHeight - list.scrollTop;
  await setQuery({ limit: String(Number(button.dataset.limit) * 2) });
  list.scrollTop = list.scrollHeight - below;
}

async function leave() {
  const outcome = await act("leave", { channel: channel() });
  if (outcome.ok) location.assign("/");
}

async function archive() {
  const name = document.querySelector(".main .head-title span").textContent;
  const sure = await ask({
    title: `Archive #${name}?`,
    text: "Nobody can write in an archived channel. Its messages stay.",
    yes: "Archive",
    danger: true,
  });
  if (!sure) return;
  const outcome = await act("archive", { channel: channel() });
  if (outcome.ok) location.assign("/");
}

function jump(ts) {
  const message = document.getElementById(`c-${ts}`);
  if (!message) {
    toast("That message is further up; show earlier messages first.");
    return;
  }
  message.scrollIntoView({ block: "center" });
  message.classList.add("arrived");
  message.focus({ preventScroll: true });
}

const CHOICES = {
  pin: (message) => act("pin", { ...about(message), on: true }),
  unpin: (message) => act("pin", { ...about(message), on: false }),
  thread: (message) => DOES.thread(null, message),
  edit: startEdit,
  delete: remove,
  link: async (message) => {
    const { channel: where, ts } = about(message);
    await navigator.clipboard.writeText(`${location.origin}/c/${where}#c-${ts}`);
    toast("Link copied", { icon: "link", seconds: 3 });
  },
};

async function remove(message) {
  const sure = await ask({ title: "Delete message", text: "This cannot be undone.", yes: "Delete", danger: true });
  if (sure) await act("delete", about(message));
}

function startEdit(message) {
  const body = message.querySelector(".body");
  const field = element("textarea", { class: "text-input", rows: 2, "aria-label": "Edit message" });
  field.value = body.innerText.replace(/\s*\(edited\)$/, "");
  const save = element("button", { type: "submit", class: "btn btn-primary" }, "Save");
  const cancel = element("button", { type: "button", class: "btn" }, "Cancel");
  const form = element("form", { class: "editor", "data-editing": "" }, field, element("div", { class: "editor-tools" }, cancel, save));
  const before = [...body.childNodes];
  const stop = () => form.isConnected && body.replaceChildren(...before);
  cancel.addEventListener("click", stop);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") stop();
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const outcome = await act("edit", { ...about(message), text: field.value });
    if (!outcome.ok) return;
    stop();
    refresh();
  });
  body.replaceChildren(form);
  field.focus();
}

function editLast() {
  const mine = [...document.querySelectorAll("#messages article[data-mine]")].at(-1);
  if (mine) startEdit(mine);
}

// --- listening ------------------------------------------------------------------------------

function onClick(event) {
  const menuItem = event.target.closest("[data-choose]");
  if (menuItem) {
    menuItem.closest(".menu").hidePopover();
    CHOICES[menuItem.dataset.choose](subject);
    return;
  }
  const shortcut = event.target.closest("[data-shortcut]");
  if (shortcut) {
    shortcut.closest(".menu").hidePopover();
    act("shortcut", { ...about(subject), callback_id: shortcut.dataset.shortcut });
    return;
  }
  const symbol = event.target.closest("[data-emoji]");
  if (symbol) {
    symbol.closest(".menu").hidePopover();
    if (target) insert(target, `:${symbol.dataset.emoji}:`);
    else act("react", { ...about(subject), name: symbol.dataset.emoji });
    return;
  }
  const opener = event.target.closest("[data-menu]");
  if (opener) {
    place(document.getElementById(opener.dataset.menu), opener);
    return;
  }
  const button = event.target.closest("[data-do]");
  const does = button && DOES[button.dataset.do];
  if (does) {
    subject = button.closest("article.message") ?? subject;
    does(button, subject);
    return;
  }
  followLink(event);
}

/** Follow links inside this workspace without loading the page anew. */
function followLink(event) {
  const link = event.target.closest("a[href]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  const permalink = new RegExp(`^https://${document.body.dataset.domain}\\.slack\\.com/archives/(\\w+)(?:/p(\\d{10})(\\d{6}))?`).exec(link.href);
  const inside = link.origin === location.origin && link.pathname.startsWith("/c/");
  const target = permalink ? new URL(`/c/${permalink[1]}`, location) : new URL(link.href);
  const asOther = target.searchParams.get("me") && target.searchParams.get("me") !== document.body.dataset.me;
  if ((!inside && !permalink) || asOther) return;
  event.preventDefault();
  target.searchParams.set("me", document.body.dataset.me);
  const pane = query().get("pane");
  if (pane === "workbench") target.searchParams.set("pane", pane);
  document.body.classList.remove("nav-open");
  navigate(target).then(() => permalink?.[2] && jump(`${permalink[2]}.${permalink[3]}`));
}

/** One message can be reached with Tab: the one last walked to, or else the newest. */
function rove(event) {
  const list = document.querySelector("#messages .list");
  const all = [...list.querySelectorAll(":scope > [tabindex]")];
  const asked = event?.target?.closest?.("#messages .list > [tabindex]");
  const current = asked ?? all.find((message) => message.tabIndex === 0 && message.contains(document.activeElement)) ?? all.at(-1);
  for (const message of all) message.tabIndex = message === current ? 0 : -1;
}

/** Arrow keys walk through messages once one of them has focus. */
function onWalk(event) {
  const message = event.target;
  if (!message.matches?.(".list > [tabindex]") || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  event.preventDefault();
  const all = [...message.parentElement.querySelectorAll(":scope > [tabindex]")];
  all[all.indexOf(message) + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
}

function onEscape(event) {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open], .menu:popover-open")) return;
  const isOurs = event.target === document.body || event.target.closest?.(".aside");
  if (query().get("pane") && isOurs) setQuery({ pane: "" }).then(() => document.getElementById("compose-channel")?.focus());
}

function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=strict`;
}

/** Start listening to menus and message actions. */
export function listenToMenus() {
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onMenuKey);
  document.addEventListener("keydown", onWalk);
  document.addEventListener("keydown", onEscape);
  document.addEventListener("focusin", rove);
  afterRefresh(rove);
  rove();
  lookHome();
  document.addEventListener("edit-last", editLast);
  document.addEventListener("pick-emoji", (event) => {
    target = event.detail.field;
    place(document.getElementById("emoji-menu"), event.detail.button);
  });
}

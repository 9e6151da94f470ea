// Bringing the page up to date without touching what did not change, and without losing what a
// person has typed, chosen or focused in what did.

// What the server last sent for each region: the page itself changes what is shown (hints, drafts),
// and that is no reason to replace it.
const served = new WeakMap();
for (const region of document.querySelectorAll("[data-region]")) served.set(region, region.innerHTML);

// The same for each control: where the app draws one differently, its word counts.
const drawn = new WeakMap();
function noteControls(root) {
  for (const control of root.querySelectorAll("[data-control]")) drawn.set(control, control.outerHTML);
}
noteControls(document);

/** Take over every region of a freshly fetched document that differs from this one's. */
export function takeOver(fresh, { onNew = () => {} } = {}) {
  for (const region of document.querySelectorAll("[data-region]")) {
    const other = fresh.querySelector(`[data-region="${region.dataset.region}"]`);
    if (!other) continue;
    copyAttributes(other, region);
    if (isKeyed(other) && isKeyed(region)) reconcile(region, other, onNew);
    else if (served.get(region) !== other.innerHTML) replaceChildren(region, other);
    served.set(region, other.innerHTML);
  }
}

function isKeyed(region) {
  return [...region.children].every((child) => child.dataset.key);
}

function copyAttributes(from, to) {
  for (const { name, value } of [...from.attributes]) {
    if (to.getAttribute(name) !== value) to.setAttribute(name, value);
  }
  for (const { name } of [...to.attributes]) {
    if (!from.hasAttribute(name)) to.removeAttribute(name);
  }
}

function replaceChildren(region, other) {
  const kept = remember(region);
  region.replaceChildren(...[...other.childNodes].map((node) => document.importNode(node, true)));
  noteControls(region);
  restore(region, kept);
}

/** Make a list of keyed children like another one, replacing only those whose hash differs. */
function reconcile(list, other, onNew) {
  const present = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let place = list.firstElementChild;
  for (const wanted of [...other.children]) {
    const old = present.get(wanted.dataset.key);
    present.delete(wanted.dataset.key);
    if (old && (old.dataset.hash === wanted.dataset.hash || old.querySelector("[data-editing]"))) {
      if (old === place) place = place.nextElementSibling;
      else list.insertBefore(old, place);
      continue;
    }
    const made = document.importNode(wanted, true);
    noteControls(made);
    if (!old) {
      list.insertBefore(made, place);
      onNew(made);
      continue;
    }
    if (old === place) place = place.nextElementSibling;
    const kept = remember(old);
    made.tabIndex = old.tabIndex;
    old.replaceWith(made);
    restore(made, kept);
    onNew(made, old);
  }
  for (const gone of present.values()) gone.remove();
}

/** Note what a person did inside an element: focus, and every field they changed. */
export function remember(root) {
  const active = root.contains(document.activeElement) ? document.activeElement : null;
  return {
    focus: active && addressOf(active, root),
    range: active && "selectionStart" in active ? selectionOf(active) : null,
    fields: [...root.querySelectorAll("[data-dirty]")].map((field) => ({
      address: addressOf(field, root),
      value: valueOf(field),
      markup: drawn.get(field),
    })),
  };
}

/** Put back what `remember` noted, where the same fields still exist. */
export function restore(root, kept) {
  for (const { address, value, markup } of kept.fields) {
    const field = find(root, address);
    if (field && !isOverruled(field, markup)) setValue(field, value);
  }
  const target = kept.focus && find(root, kept.focus);
  if (!target) return;
  target.focus({ preventScroll: true });
  if (kept.range && "setSelectionRange" in target) {
    try {
      target.setSelectionRange(...kept.range);
    } catch (error) {
      if (error.name !== "InvalidStateError") throw error; // e-mail and number fields have no range
    }
  }
}

/** The app was told of this choice, and has drawn the control anew: what it drew is what holds.
    What is typed is never overruled. */
function isOverruled(field, markup) {
  const isTyped = field.matches(".text-input:not(.short), .keeps");
  return !isTyped && field.dataset.acts !== undefined && drawn.get(field) !== markup;
}

function selectionOf(field) {
  return field.selectionStart === null ? null : [field.selectionStart, field.selectionEnd];
}

function addressOf(node, root) {
  if (node === root) return ":self";
  if (node.id) return `#${CSS.escape(node.id)}`;
  const control = node.closest("[data-control]");
  if (control && root.contains(control)) {
    const named = `[data-block="${CSS.escape(control.dataset.block)}"][data-action="${CSS.escape(control.dataset.action)}"]`;
    if (control === node) return named;
    if (node.value) return `${named} [value="${CSS.escape(node.value)}"]`;
  }
  if (node.dataset.do) return `[data-do="${node.dataset.do}"]`;
  return null;
}

function find(root, address) {
  if (!address) return null;
  return address === ":self" ? root : root.querySelector(address);
}

function valueOf(field) {
  if (field.matches(".picker")) return [...field.querySelectorAll(".chip")].map((chip) => chip.cloneNode(true));
  if (field.matches(".choices")) return [...field.querySelectorAll(":checked")].map((box) => box.value);
  return field.value;
}

function setValue(field, value) {
  field.dataset.dirty = "1";
  if (field.matches(".picker")) {
    for (const chip of field.querySelectorAll(".chip")) chip.remove();
    field.prepend(...value);
  } else if (field.matches(".choices")) {
    for (const box of field.querySelectorAll("input")) box.checked = value.includes(box.value);
  } else field.value = value;
}

// A field counts as changed from the moment a person touches it; only those are carried over.
function markDirty(event) {
  const field = event.target.closest("[data-control], .keeps");
  if (field) field.dataset.dirty = "1";
}
document.addEventListener("input", markDirty, true);
document.addEventListener("change", markDirty, true);

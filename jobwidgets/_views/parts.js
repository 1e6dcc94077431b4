// The small parts that every view is made of. Text of a server's goes through textContent alone.
//
//   element(name, className, parent, text)  a new element; className "a" is class "jobwidgets-a"
//   button(parent, text, act)               a small text button
//   new Link(parent, className): .show(text, url, title)  a link to a tab of its own; or its text
//   searchField(parent, label, changed)     a field to filter by text; Escape empties it
//   liveRegion(parent)                      what is said in it is read out, when the reader has time
//   say(node, text), put(node, name, value) set a text, an attribute (null takes it away), if new
//   focused(node), selectionAt(node)        the focus, the selection, in the node's own tree
//   hide(node, isHidden, heir)              a focus in what is hidden goes to the heir
//   new StatusMark(parent): .show({ mark, words, status_hint })  the status as shape and word
//   standing(told, isLastKnown)             { look, mark, words } of a status; look is data-status
//   new Bar(parent): .show({ progress, steps, is_moving }, stands)  the bar and "2 of 5 steps"
//   copyText(text)                          to the clipboard, whatever the origin; → Promise<bool>

import { keyHandler } from "./keys.js";

/** Make an element; `className` gets the prefix that keeps our styles apart from the page's. */
export function element(name, className, parent, text = "") {
  const made = document.createElement(name);
  if (className) made.className = `jobwidgets-${className}`;
  if (text) made.textContent = text;
  parent?.append(made);
  return made;
}

/** Make a small text button. */
export function button(parent, text, act) {
  const made = element("button", "action", parent, text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

/** A text that leads to a tab of its own where there is a URL, which Python has looked at. */
export class Link {
  constructor(parent, className) {
    this.root = element("a", className, parent);
    this.root.classList.add("jobwidgets-link");
    this.root.target = "_blank";
    this.root.rel = "noopener noreferrer";
  }

  show(text, url, title) {
    say(this.root, text);
    put(this.root, "href", url);
    put(this.root, "title", title);
  }
}

/** Make a field that filters by text. */
export function searchField(parent, label, changed) {
  const field = element("input", "field", parent);
  field.type = "search";
  field.placeholder = "filter";
  field.setAttribute("aria-label", label);
  field.spellcheck = false;
  field.addEventListener("input", changed);
  keyHandler(field, (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // a browser may empty it too, or not
    field.value = "";
    changed();
  });
  return field;
}

/** Make the place of what is read out. */
export function liveRegion(parent) {
  const region = element("div", "hidden", parent);
  region.setAttribute("role", "status");
  return region;
}

/** Set a text only when it changes: a selection in it survives, and nothing is laid out anew. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Set an attribute only when it changes; null takes it away. */
export function put(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/** What has the focus in the node's tree: from outside a shadow tree only its host is seen. */
export function focused(node) {
  return node.getRootNode().activeElement ?? null;
}

/** The selection in the node's tree, where the browser tells it of a shadow tree. */
export function selectionAt(node) {
  return node.getRootNode().getSelection?.() ?? document.getSelection();
}

/** Show or hide a node; without an heir, the focus in it would start anew at the page's top. */
export function hide(node, isHidden, heir) {
  if (isHidden && node.contains(focused(node))) heir.focus({ preventScroll: true });
  node.hidden = isHidden;
}

/** The status as a shape and a word. */
export class StatusMark {
  constructor(parent) {
    this.root = element("span", "status", parent);
    this.mark = element("span", "mark", this.root);
    this.mark.setAttribute("aria-hidden", "true");
    this.words = element("span", "words", this.root);
  }

  show({ mark, words, status_hint }) {
    say(this.mark, mark);
    say(this.words, words);
    put(this.words, "title", status_hint || null);
  }
}

/** What is shown of a status: as it is told, last known, or what the user has to mend. */
export function standing(told, isLastKnown) {
  const { status, mark, words, last_known: last, needs_user: isBlocked } = told;
  if (isLastKnown) return { look: "", mark: last === words ? mark : "?", words: last };
  return { look: isBlocked ? "blocked" : (status ?? ""), mark, words };
}

/** The progress bar, and how many steps that is. */
export class Bar {
  constructor(parent) {
    this.root = element("div", "progress", parent);
    this.bar = element("div", "bar", this.root);
    this.bar.setAttribute("role", "progressbar");
    this.bar.setAttribute("aria-label", "progress of the job");
    this.bar.setAttribute("aria-valuemin", "0");
    this.bar.setAttribute("aria-valuemax", "100");
    this.fill = element("div", "fill", this.bar);
    this.steps = element("span", "steps", this.root);
  }

  show({ progress, steps, is_moving }, stands = false) {
    const isKnown = progress !== null;
    this.bar.toggleAttribute("data-still", stands);
    this.bar.toggleAttribute("data-unknown", is_moving);
    this.fill.style.width = is_moving ? "" : `${100 * (progress ?? 0)}%`;
    put(this.bar, "aria-valuenow", isKnown ? Math.round(100 * progress) : null);
    put(this.bar, "aria-valuetext", isKnown ? steps || null : "unknown");
    say(this.steps, steps);
  }
}

/** Put a text on the clipboard; false where the browser allows neither way. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text); // there on secure origins only
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text) {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  const selection = document.getSelection();
  const ranges = Array.from({ length: selection.rangeCount }, (_, i) => selection.getRangeAt(i));
  const area = element("textarea", "hidden", document.body);
  area.value = text;
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  active?.focus?.({ preventScroll: true });
  selection.removeAllRanges();
  ranges.forEach((range) => selection.addRange(range));
  return isCopied;
}

// The small parts that every view is made of. Text of a server's goes through textContent alone.
//
//   element(name, className, parent, text)  a new element; className "a" is class "jobwidgets-a"
//   say(node, text), put(node, name, value) set a text, an attribute (null takes it away), if new
//   clock(seconds), span(seconds)           "1:01:15"; "42 s", "12 min", "3 h 05 min"
//   timeOfDay(ms), moment(ms)               the reader's clock; that and UTC, for a title
//   shortened(id)                           as much of an id as a line has room for
//   new StatusMark(parent): .show(head)     shape and word of a head (view_state.head)
//   new Bar(parent): .show(head, isAsked)   the progress bar and "2 of 5 steps"
//   contactWords(head, now)                 a sentence on the contact; "" when all is said
//   copyText(text)                          to the clipboard, whatever the origin; → Promise<bool>
//   viewRoot(name)                          the root of a view, with all the classes that it needs
//   keepKeys(root)                          keys for what has the focus in root stay in it; → end
//   keyHandler(node, handle)                handle(event) for the keys that are kept so
//   new KernelLink(model, name, told)       .send(content), .look(), .isGone, .remove(); told() when
//                                           isGone changes; name: of the view, goes with each
//
// A view's root has data-status="…" from the head, which sets its colour --jw-status (look.css);
// data-gone where the kernel is gone, data-narrow where there is little room.

/** Make an element; `className` gets the prefix that keeps our styles apart from the page's. */
export function element(name, className, parent, text = "") {
  const made = document.createElement(name);
  if (className) made.className = `jobwidgets-${className}`;
  if (text) made.textContent = text;
  parent?.append(made);
  return made;
}

/** Make a view's root. */
export function viewRoot(name) {
  const root = element("div", name);
  root.classList.add("jobwidgets", "jobwidgets-view");
  return root;
}

/** Make a small text button. */
export function button(parent, text, act) {
  const made = element("button", "action", parent, text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
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

const two = (number) => String(number).padStart(2, "0");

/** 75 -> "1:15", 3675 -> "1:01:15". */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A time in words: "42 s", "12 min", "3 h 05 min", "2 d 4 h". */
export function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  return hours ? `${hours} h ${two(minutes % 60)} min` : `${minutes} min`;
}

/** The time of day in the reader's zone. */
export function timeOfDay(milliseconds) {
  const time = new Date(milliseconds);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
}

/** A point in time in the reader's zone, and in UTC. */
export function moment(milliseconds) {
  const utc = new Date(milliseconds).toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC");
  return `${timeOfDay(milliseconds)} here, ${utc}`;
}

/** As much of an id as a line has room for: its two ends tell ids apart. */
export function shortened(id) {
  return id.length > 14 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
}

/** The status as a shape and a word. */
export class StatusMark {
  constructor(parent) {
    this.root = element("span", "status", parent);
    this.mark = element("span", "mark", this.root);
    this.mark.setAttribute("aria-hidden", "true");
    this.words = element("span", "words", this.root);
  }

  show({ mark, words, raw }) {
    say(this.mark, mark);
    say(this.words, words);
    put(this.words, "title", raw ? `the server's word: ${raw}` : null);
  }
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

  /** `isAsked`: somebody asks the server, so that a bar without a known part may move. */
  show({ progress, ended, status, steps }, isAsked) {
    const isUnknown = progress === null && !ended && isAsked;
    const part = status === "succeeded" ? 1 : (progress ?? 0);
    const knows = progress !== null || status === "succeeded";
    this.bar.toggleAttribute("data-unknown", isUnknown);
    this.fill.style.width = isUnknown ? "" : `${100 * part}%`;
    put(this.bar, "aria-valuenow", knows ? Math.round(100 * part) : null);
    put(this.bar, "aria-valuetext", knows ? steps || null : "unknown");
    say(this.steps, steps);
  }
}

const QUIET = 10; // s without news before the view says so

/** What is to be said of the contact with the server, apart from how the job is doing. */
export function contactWords({ contact, changed, ended }, now) {
  if (ended) return "";
  const error = contact.error ? ` (${contact.error.replace(/\.$/, "")})` : "";
  const since = (time) => span((now - time) / 1000);
  switch (contact.state) {
    case "connecting":
      return "Asking the server…";
    case "in touch":
      return (now - changed) / 1000 < QUIET ? "in touch" : `in touch · unchanged for ${since(changed)}`;
    case "retrying": {
      const silence = contact.heard ? `No answer for ${since(contact.heard)}` : "No answer yet";
      const left = Math.ceil((contact.next - now) / 1000);
      const next = left > 0 ? `Trying again in ${span(left)}.` : "Trying again now.";
      return `${silence}${error}. ${next} The job itself may be fine.`;
    }
    case "unauthorised":
      return `The server wants a new token${error}. Set job.token to go on; the job itself may be fine.`;
    case "lost":
      return `Not watched any more${error}.`;
    default:
      return "Not watched. The job itself goes on.";
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
  const focused = document.activeElement;
  const selection = document.getSelection();
  const ranges = Array.from({ length: selection.rangeCount }, (_, i) => selection.getRangeAt(i));
  const area = element("textarea", "hidden", document.body);
  area.value = text;
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  focused?.focus?.({ preventScroll: true });
  selection.removeAllRanges();
  ranges.forEach((range) => selection.addRange(range));
  return isCopied;
}

const OURS = new Set([
  ..."ArrowUp ArrowDown ArrowLeft ArrowRight PageUp PageDown Home End Enter".split(" "),
  ..." acAC",
]);

/**
 * Keep keys for what has the focus within `root` from the notebook around it, which would move
 * its cursor, copy its cells or begin to edit. It listens on the document in the capturing phase,
 * so we listen before it, on the window. Returns a function that ends that.
 */
export function keepKeys(root) {
  const keep = (event) => {
    if (!root.contains(event.target) || !OURS.has(event.key) || event.altKey) return;
    const isLetter = /^[ac]$/i.test(event.key);
    if (isLetter !== (event.ctrlKey || event.metaKey)) return;
    if (event.shiftKey && event.key === "Enter") return;
    event.stopPropagation();
    event.target.dispatchEvent(new CustomEvent("jobwidgets-key", { bubbles: true, detail: event }));
  };
  window.addEventListener("keydown", keep, true);
  return () => window.removeEventListener("keydown", keep, true);
}

/** Call `handle` with each kept key for what has the focus within a node. */
export function keyHandler(node, handle) {
  node.addEventListener("jobwidgets-key", ({ detail }) => handle(detail));
}

const GONE = new Set(["dead", "terminating"]);

/**
 * The way to the kernel, and whether there is one. ipywidgets tells by "comm_live_update" of a
 * restart, and a message cannot be sent then; JupyterLab's manager has no kernel after a shutdown.
 */
export class KernelLink {
  constructor(model, name, told) {
    this.model = model;
    this.name = name;
    this.told = told;
    this.isGone = false;
    this.onLive = () => this.send({});
    this.model.on("comm_live_update", this.onLive);
    this.hadKernel = Boolean(this.kernel);
  }

  get kernel() {
    return this.model.widget_manager?.kernel;
  }

  /** Send a message to the kernel; one that cannot be sent shows that it is gone. */
  send(content) {
    let isGone = false;
    try {
      this.model.send({ view: this.name, ...content });
    } catch {
      isGone = true;
    }
    this.note(isGone);
  }

  /** Look at the kernel without sending anything; call it now and then. */
  look() {
    const { kernel } = this;
    this.hadKernel ||= Boolean(kernel);
    if (this.hadKernel && (!kernel || GONE.has(kernel.status))) this.note(true);
  }

  note(isGone) {
    if (isGone === this.isGone) return;
    this.isGone = isGone;
    this.told();
  }

  remove() {
    this.model.off("comm_live_update", this.onLive);
  }
}

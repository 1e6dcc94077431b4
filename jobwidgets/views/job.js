// The view of one job. Every text of a server's goes through textContent, never through HTML.

const TICK = 1000; // ms between two turns of the clocks
const QUIET = 10; // s without news before the view says so
const AT_END = 8; // px from the end of the messages that still count as reading the newest

function element(name, className, parent, text = "") {
  const made = document.createElement(name);
  made.className = className ? `jobwidgets-${className}` : "";
  made.textContent = text;
  parent?.append(made);
  return made;
}

/** Set a text only when it changes: a selection in it survives, and nothing is laid out anew. */
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** 75 -> "1:15", 3675 -> "1:01:15". */
function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A time in words: "42 s", "12 min", "3 h 05 min". */
function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60) % 60;
  return whole < 3600 ? `${minutes} min` : `${Math.floor(whole / 3600)} h ${String(minutes).padStart(2, "0")} min`;
}

/** The time of day in the reader's zone. */
function timeOfDay(milliseconds) {
  return new Date(milliseconds).toLocaleTimeString([], { hour12: false });
}

function shortened(id) {
  return id.length > 14 ? `${id.slice(0, 9)}…` : id;
}

/** What is to be said of the contact with the server, apart from how the job is doing. */
function contactWords({ contact, changed, ended }, now) {
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
      const next = left > 0 ? `Trying again in ${left} s.` : "Trying again now.";
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

/** The message table: rows are only added, changed or cut, so that selection and scroll stay. */
class Messages {
  constructor(parent) {
    this.root = element("div", "messages", parent);
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "region");
    this.root.setAttribute("aria-label", "messages");
    this.root.hidden = true;
    this.root.dataset.noCodes = "";
    const table = element("table", "", this.root);
    element("caption", "hidden", table, "Messages of the job");
    const head = element("tr", "", element("thead", "", table));
    for (const [kind, name] of [["number", "#"], ["seen", "seen"], ["code", "code"], ["text", "message"]]) {
      element("th", kind, head, name).scope = "col";
    }
    this.body = element("tbody", "", table);
  }

  get length() {
    return this.body.rows.length;
  }

  update({ from, rows, total }) {
    const follows = this.root.scrollHeight - this.root.scrollTop - this.root.clientHeight < AT_END;
    while (this.length > total) this.body.deleteRow(-1);
    const added = document.createDocumentFragment();
    rows.forEach((row, index) => {
      const known = this.body.rows[from + index];
      if (known) this.fill(known, from + index, row);
      else this.fill(added.appendChild(this.blank()), from + index, row);
    });
    this.body.append(added);
    this.root.hidden = this.length === 0;
    if (follows) this.root.scrollTop = this.root.scrollHeight;
  }

  blank() {
    const row = document.createElement("tr");
    for (const kind of ["number", "seen", "code", "text"]) element("td", kind, row);
    return row;
  }

  fill(row, index, [seen, since, code, text]) {
    const [numberCell, seenCell, codeCell, textCell] = row.cells;
    say(numberCell, String(index + 1));
    say(seenCell, since === null ? (seen === null ? "" : timeOfDay(seen)) : `+${since < 100 ? `${since.toFixed(1)} s` : clock(since)}`);
    seenCell.title = seen === null ? "" : `${timeOfDay(seen)}, ${new Date(seen).toISOString()}`;
    say(codeCell, code === null ? "" : String(code));
    if (code !== null) delete this.root.dataset.noCodes;
    say(textCell, text);
  }
}

class JobView {
  constructor(model, el) {
    this.model = model;
    this.name = crypto.randomUUID?.() ?? String(Math.random());
    this.number = null;
    this.root = element("div", "job", null);
    this.root.classList.add("jobwidgets");
    this.build();
    el.replaceChildren(this.root);
    this.listen();
    this.receive();
    this.tell({ resend: true });
  }

  build() {
    const head = element("div", "head", this.root);
    const status = element("span", "status", head);
    this.mark = element("span", "mark", status);
    this.mark.setAttribute("aria-hidden", "true");
    this.words = element("span", "words", status);
    this.kind = element("span", "kind", head);
    this.id = element("span", "id", head);
    const end = element("span", "end", head);
    this.elapsed = element("span", "elapsed", end);
    this.action = element("button", "action", end);
    this.action.type = "button";
    const progress = element("div", "progress", this.root);
    this.bar = element("div", "bar", progress);
    this.bar.setAttribute("role", "progressbar");
    this.bar.setAttribute("aria-label", "progress of the job");
    this.bar.setAttribute("aria-valuemin", "0");
    this.bar.setAttribute("aria-valuemax", "100");
    this.fill = element("div", "fill", this.bar);
    this.steps = element("span", "steps", progress);
    this.line = element("div", "line", this.root);
    this.messages = new Messages(this.root);
    this.live = element("div", "hidden", this.root);
    this.live.setAttribute("role", "status");
  }

  listen() {
    this.onUpdate = () => this.receive();
    this.model.on("change:_update", this.onUpdate);
    this.action.addEventListener("click", () => this.act());
    this.onUse = () => {
      const inUse = this.root.contains(document.activeElement) || this.hasSelection();
      if (inUse !== this.inUse) this.tell({ in_use: (this.inUse = inUse) });
    };
    for (const event of ["focusin", "focusout"]) {
      this.root.addEventListener(event, () => setTimeout(this.onUse));
    }
    document.addEventListener("selectionchange", this.onUse);
    this.timer = setInterval(() => this.tick(), TICK);
  }

  hasSelection() {
    const selection = document.getSelection();
    return Boolean(selection && !selection.isCollapsed && this.root.contains(selection.anchorNode));
  }

  tell(content) {
    this.model.send({ view: this.name, in_use: Boolean(this.inUse), ...content });
  }

  act() {
    this.tell({ act: this.watches ? "stop" : "start" });
    this.action.disabled = true; // until the kernel has answered
  }

  receive() {
    const update = this.model.get("_update");
    if (!update?.head || update.n === this.number) return;
    const missed = update.from > this.messages.length || (this.number !== null && update.n !== this.number + 1);
    this.number = update.n;
    this.show(update.head);
    if (update.from <= this.messages.length) this.messages.update(update);
    if (missed) this.tell({ resend: true });
  }

  show(head) {
    this.head = head;
    this.heardAt = Date.now();
    this.watches = !["stopped", "lost"].includes(head.contact.state);
    this.root.dataset.status = head.status ?? "";
    say(this.mark, head.mark);
    say(this.words, head.words);
    this.words.title = head.raw ? `the server's word: ${head.raw}` : "";
    say(this.kind, head.kind ?? "");
    say(this.id, shortened(head.id));
    this.id.title = head.id;
    this.showBar(head);
    this.action.hidden = head.ended;
    this.action.disabled = false;
    say(this.action, this.watches ? "stop watching" : "resume");
    say(this.live, [head.words, head.steps].filter(Boolean).join(", "));
    this.tick();
  }

  showBar({ progress, ended, status, steps }) {
    const asks = this.watches && this.head.contact.state !== "unauthorised";
    const isUnknown = progress === null && !ended && asks;
    this.bar.toggleAttribute("data-unknown", isUnknown);
    const part = status === "succeeded" ? 1 : (progress ?? 0);
    this.fill.style.width = isUnknown ? "" : `${100 * part}%`;
    if (isUnknown) this.bar.removeAttribute("aria-valuenow");
    else this.bar.setAttribute("aria-valuenow", String(Math.round(100 * part)));
    say(this.steps, steps);
  }

  tick() {
    const { head } = this;
    if (!head) return;
    const now = Date.now();
    const running = head.elapsed === null ? "" : clock(head.elapsed + (now - this.heardAt) / 1000);
    say(this.elapsed, head.duration ?? running);
    say(this.line, [head.ownership, contactWords(head, now)].filter(Boolean).join(" · "));
  }

  remove() {
    clearInterval(this.timer);
    document.removeEventListener("selectionchange", this.onUse);
    this.model.off("change:_update", this.onUpdate);
    this.tell({ open: false });
  }
}

function render({ model, el }) {
  const view = new JobView(model, el);
  return () => view.remove();
}

export default { render };

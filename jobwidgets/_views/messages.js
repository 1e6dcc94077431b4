// The messages of a job, however many: a table of which only what is seen is in the page.
//
//   new Messages(parent, allSteps)  allSteps() when the reader wants those of all steps again;
//                         parent gets it as its last child; keepKeys (keys.js) is to be called
//                         for the view's root, so that its keys are its own
//   .look()               what take is to be given where the view has changed something since
//   .take(update, sight)  total, keep, parts of an update (_widgets/job_updates.py)
//   .doubt()              an update was lost
//   .askForMissing(ask)   ask(gaps) for messages that are not here, unless they may be on their way
//   .showNote(note)       what is said beside their number
//   .showOnly(step)       the messages of one step ({ name, messages }, see steps.js); null for all
//   .isUntouched          whether the reader has neither filtered nor scrolled
//   .gone(isGone)         messages that are not here will not come any more; they may again
//   .remove()             let go of the document's listeners
//
// It follows the newest message until the reader scrolls up or selects; then nothing moves.

import { keyHandler } from "./keys.js";
import { now } from "./monotonic.js";
import { button, copyText, element, hide, put, say, searchField } from "./parts.js";
import { KnownMessages } from "./known_messages.js";
import { MessageTable } from "./message_table.js";
import { counted } from "./words.js";

const FEW = 5; // messages that need no filter
const COPIED = 2000; // ms for which the copy button says what it did
const PATIENCE = 4000; // ms until messages that do not come are asked for again

export class Messages {
  constructor(parent, allSteps = () => {}) {
    this.allSteps = allSteps;
    this.step = null; // whose messages alone are shown
    this.known = new KnownMessages();
    this.levels = [];
    this.needle = "";
    this.level = "";
    this.unseen = 0;
    this.askedAt = -Infinity; // when messages were last asked for, or came
    this.root = element("div", "messages", parent);
    this.root.hidden = true;
    this.buildTools();
    const frame = element("div", "frame", this.root);
    this.table = new MessageTable(frame, this.known, () => this.showUnseen());
    this.news = button(frame, "", () => this.goToEnd());
    this.news.classList.add("jobwidgets-news");
    this.news.hidden = true;
    this.listen();
  }

  buildTools() {
    const tools = element("div", "tools", this.root);
    this.count = element("span", "count", tools);
    this.note = element("span", "note", tools);
    this.filters = element("span", "filters", tools);
    this.chip = element("button", "stepchip", this.filters);
    this.chip.type = "button";
    this.chip.hidden = true;
    this.chip.addEventListener("click", () => this.allSteps());
    this.field = searchField(this.filters, "filter messages by text", () => this.filter());
    this.choice = element("select", "field", this.filters);
    this.choice.setAttribute("aria-label", "filter messages by level");
    element("option", "", this.choice, "all levels").value = "";
    this.choice.hidden = true;
    this.copier = button(this.filters, "copy all", () => this.copyAll());
  }

  listen() {
    this.choice.addEventListener("input", () => this.filter());
    this.root.addEventListener("copy", (event) => this.onCopy(event));
    keyHandler(this.root, (event, target) => this.onKey(event, target));
    this.onPointer = () => this.table.markAll(false);
    document.addEventListener("pointerdown", this.onPointer, true);
  }

  look() {
    return this.table.look();
  }

  take(update, sight = this.look()) {
    const isOlder = ([first, messages]) => first + messages.length < update.total;
    if (update.parts.some(isOlder)) this.askedAt = now();
    const before = this.table.length;
    const first = this.known.take(update);
    this.table.nameTimes(update.time_name);
    this.noteLevels(update.parts);
    this.table.changed(first, update.parts, this.fitting, sight);
    this.unseen = this.table.follows ? 0 : Math.max(0, this.unseen + this.table.length - before);
    this.root.hidden = this.known.total === 0;
    this.showCount();
    this.showUnseen();
    this.table.draw(sight);
  }

  noteLevels(parts) {
    for (const [, messages] of parts) {
      for (const [, , , level] of messages) {
        if (!level || this.levels.includes(level)) continue;
        this.levels.push(level);
        element("option", "", this.choice, level).value = level;
        this.choice.hidden = false;
      }
    }
  }

  doubt() {
    this.known.doubt();
    this.askedAt = -Infinity;
  }

  askForMissing(ask) {
    const { gaps } = this.known;
    if (!gaps.length || now() - this.askedAt < PATIENCE) return;
    this.askedAt = now();
    ask(gaps);
  }

  gone(isGone) {
    this.askedAt = -Infinity;
    this.table.showPending(isGone ? "not kept" : "not here yet");
  }

  // The filter.

  get isFiltered() {
    return Boolean(this.needle || this.level || this.step);
  }

  get isUntouched() {
    return !this.isFiltered && this.table.follows;
  }

  get fitting() {
    return this.isFiltered ? (values, index) => this.fits(values, index) : null;
  }

  fits(values, index) {
    if (this.step && !this.step.messages.some(([from, to]) => from <= index && index < to)) return false;
    if (!this.needle && !this.level) return true;
    if (!values) return false; // not here yet
    const [, , , level, , , text] = values;
    return (!this.level || level === this.level) && text.toLowerCase().includes(this.needle);
  }

  filter() {
    this.needle = this.field.value.trim().toLowerCase();
    this.level = this.choice.value;
    this.table.filter(this.fitting);
    this.unseen = 0;
    this.showCount();
    this.showUnseen();
  }

  showOnly(step) {
    this.step = step;
    if (step) say(this.chip, `${step.name} ✕`);
    put(this.chip, "aria-label", step && `${step.name} ✕: show the messages of all steps`);
    hide(this.chip, !step, this.table.scroller);
    this.filter();
  }

  /** Say what is to be known of all of them; "" for nothing. */
  showNote(note) {
    say(this.note, note);
  }

  showCount() {
    const { total } = this.known;
    const some = `${counted(this.table.length)} of ${counted(total)}`;
    say(this.count, this.isFiltered ? some : counted(total, "message"));
    this.filters.classList.toggle("jobwidgets-unneeded", total <= FEW && !this.isFiltered);
    if (!this.copied) say(this.copier, this.isFiltered ? "copy these" : "copy all");
  }

  // The newest.

  showUnseen() {
    if (this.table.follows) this.unseen = 0;
    hide(this.news, this.unseen === 0, this.table.scroller);
    say(this.news, `${counted(this.unseen, "new message")} ↓`);
  }

  goToEnd() {
    this.table.goToEnd();
    this.table.scroller.focus({ preventScroll: true });
    this.showUnseen();
  }

  // Copying: lines of number, time, code (level) and text.

  onKey(event, target) {
    if (!this.table.scroller.contains(target)) return;
    const marks = event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey);
    if (marks) this.table.markAll(true);
    const hasOther = event.altKey || event.ctrlKey || event.metaKey;
    const isOurs = !event.shiftKey && !(hasOther && event.key.startsWith("Arrow"));
    if (marks || (isOurs && this.table.turn(event.key))) event.preventDefault();
  }

  onCopy(event) {
    if (event.target === this.field) return;
    const positions = this.table.isAllMarked ? this.table.everything() : this.table.selected();
    if (!positions) return; // within one message the browser copies what is selected
    event.clipboardData.setData("text/plain", this.lines(positions));
    event.preventDefault();
  }

  async copyAll() {
    const isDone = await copyText(this.lines(this.table.everything()));
    say(this.copier, isDone ? "copied" : "not allowed");
    clearTimeout(this.copied);
    this.copied = setTimeout(() => {
      this.copied = null;
      this.showCount();
    }, COPIED);
  }

  lines([from, to]) {
    const lines = [];
    for (let position = from; position < to; position++) lines.push(this.line(position));
    return lines.join("\n");
  }

  line(position) {
    const index = this.table.indexAt(position);
    const values = this.known.at(index) ?? [null, "", "", "", null, false, "…"];
    const [milliseconds, , code, level, , , text] = values;
    const time = milliseconds === null ? "" : new Date(milliseconds).toISOString();
    const cells = [index + 1, time, code, ...(this.levels.length ? [level] : []), text];
    return cells.map((cell) => String(cell).replace(/\s*[\r\n\t]+\s*/g, " ")).join("\t");
  }

  remove() {
    document.removeEventListener("pointerdown", this.onPointer, true);
    clearTimeout(this.copied);
    this.table.remove();
  }
}

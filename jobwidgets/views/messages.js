// The messages of a job, however many: a table of which only what is seen is in the page.
//
//   new Messages(parent)  parent gets it as its last child; keepKeys (parts.js) is to be called
//                         for the view's root, so that its keys are its own
//   .rows                 the Rows behind it: .rows.gaps, .rows.doubt()
//   .take(update)         an update of view_state.Updates: total, keep, parts
//   .close(), .open()     rows that are not here will not come any more; they may again
//   .remove()             let go of the document's listeners
//
// It follows the newest message until the reader scrolls up or selects; then nothing moves.

import { button, copyText, element, keyHandler, put, say } from "./parts.js";
import { Rows } from "./rows.js";
import { Table, seenText } from "./table.js";

const FEW = 5; // messages that need no filter
const TOLD = 2000; // ms for which the copy button says what it did

const counted = (number) => number.toLocaleString("en-US");

export class Messages {
  constructor(parent) {
    this.rows = new Rows();
    this.levels = [];
    this.needle = "";
    this.level = "";
    this.unseen = 0;
    this.root = element("div", "messages", parent);
    this.root.hidden = true;
    this.buildTools();
    const frame = element("div", "frame", this.root);
    this.table = new Table(frame, this.rows, () => this.showUnseen());
    this.news = button(frame, "", () => this.goToEnd());
    this.news.classList.add("jobwidgets-news");
    this.news.hidden = true;
    this.listen();
  }

  buildTools() {
    const tools = element("div", "tools", this.root);
    this.count = element("span", "count", tools);
    this.filters = element("span", "filters", tools);
    this.field = element("input", "field", this.filters);
    this.field.type = "search";
    this.field.placeholder = "filter";
    this.field.setAttribute("aria-label", "filter messages by text");
    this.field.spellcheck = false;
    this.choice = element("select", "field", this.filters);
    this.choice.setAttribute("aria-label", "filter messages by level");
    element("option", "", this.choice, "all levels").value = "";
    this.choice.hidden = true;
    this.copier = button(this.filters, "copy all", () => this.copyAll());
  }

  listen() {
    this.field.addEventListener("input", () => this.filter());
    this.choice.addEventListener("input", () => this.filter());
    this.root.addEventListener("copy", (event) => this.onCopy(event));
    keyHandler(this.root, (event) => this.onKey(event));
    this.onPointer = () => this.table.markAll(false);
    document.addEventListener("pointerdown", this.onPointer, true);
  }

  take(update) {
    const before = this.table.length;
    const first = this.rows.take(update);
    this.noteLevels(update.parts);
    this.table.changed(first, update.parts, this.isFiltered ? (row) => this.fits(row) : null);
    this.unseen = this.table.follows ? 0 : Math.max(0, this.unseen + this.table.length - before);
    this.root.hidden = this.rows.total === 0;
    this.showCount();
    this.showUnseen();
    this.table.draw();
  }

  noteLevels(parts) {
    for (const [, rows] of parts) {
      for (const [, , , level] of rows) {
        if (!level || this.levels.includes(level)) continue;
        this.levels.push(level);
        element("option", "", this.choice, level).value = level;
        this.choice.hidden = false;
      }
    }
  }

  close() {
    this.table.showPending("not kept");
  }

  open() {
    this.table.showPending("not here yet");
  }

  // The filter.

  get isFiltered() {
    return Boolean(this.needle || this.level);
  }

  fits(row) {
    if (!row) return false; // not here yet
    return (!this.level || row[3] === this.level) && row[4].toLowerCase().includes(this.needle);
  }

  filter() {
    this.needle = this.field.value.trim().toLowerCase();
    this.level = this.choice.value;
    this.table.filter(this.isFiltered ? (row) => this.fits(row) : null);
    this.unseen = 0;
    this.showCount();
    this.showUnseen();
  }

  showCount() {
    const { total } = this.rows;
    const noun = total === 1 ? "message" : "messages";
    const all = `${counted(total)} ${noun}`;
    say(this.count, this.isFiltered ? `${counted(this.table.length)} of ${counted(total)}` : all);
    this.filters.classList.toggle("jobwidgets-unneeded", total <= FEW && !this.isFiltered);
    if (!this.copied) say(this.copier, this.isFiltered ? "copy these" : "copy all");
  }

  // The newest.

  showUnseen() {
    if (this.table.follows) this.unseen = 0;
    this.news.hidden = this.unseen === 0;
    say(this.news, `${counted(this.unseen)} new ${this.unseen === 1 ? "message" : "messages"} ↓`);
  }

  goToEnd() {
    this.table.goToEnd();
    this.table.scroller.focus({ preventScroll: true });
    this.showUnseen();
  }

  // Copying: lines of number, time, code (level) and text.

  onKey(event) {
    if (!this.table.scroller.contains(event.target)) return;
    const marks = event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey);
    if (marks) this.table.markAll(true);
    if (marks || (!event.shiftKey && this.table.turn(event.key))) event.preventDefault();
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
    }, TOLD);
  }

  lines([from, to]) {
    const lines = [];
    for (let position = from; position < to; position++) lines.push(this.line(position));
    return lines.join("\n");
  }

  line(position) {
    const index = this.table.indexAt(position);
    const [seen, since, code, level, text] = this.rows.at(index) ?? [null, null, null, null, "…"];
    const time = seen === null ? seenText(seen, since) : new Date(seen).toISOString();
    const cells = [index + 1, time, code ?? "", ...(this.levels.length ? [level ?? ""] : []), text];
    return cells.map((cell) => String(cell).replace(/\s*[\r\n\t]+\s*/g, " ")).join("\t");
  }

  remove() {
    document.removeEventListener("pointerdown", this.onPointer, true);
    clearTimeout(this.copied);
    this.table.remove();
  }
}

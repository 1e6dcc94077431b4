// The view of a board: totals, filters, and the table of the jobs.

import { jobOf } from "./board_job.js";
import { BoardTable } from "./board_table.js";
import { button, element, focused, hide, put, say, searchField, StatusMark } from "./parts.js";
import { View } from "./view.js";
import { counted, listingWords } from "./words.js";

const CALM = 5000; // ms between two things that are read out
const ROWS_PATIENCE = 4000; // ms until rows that do not come are asked for again
const TIGHT = 820; // px
const SLENDER = 600; // px
const MANY = 8; // jobs from which on a filter is of use
const ORDER = ["running", "cancelling", "queued", null, "failed", "cancelled", "gone", "unknown", "succeeded"];
const WORDS = new Map([[null, "not heard of yet"], ["unknown", "of unknown status"]]);

const total = (number, status) => `${counted(number)} ${WORDS.get(status) ?? status}`;

/** Whether a job has a text in what is said of it. */
function holds(job, needle) {
  const texts = [job.id, job.kind, job.owner, job.text, job.words, job.raw, job.trouble];
  return texts.some((text) => text?.toLowerCase().includes(needle));
}

class BoardView extends View {
  build() {
    this.askedAt = 0; // when rows were last asked for, or came
    this.contact = null;
    this.count = 0;
    this.needle = "";
    this.chosen = new Set(); // statuses; none of them stands for all
    this.chips = new Map();
    const head = element("div", "boardhead", this.root);
    this.totals = element("div", "totals", head);
    this.totals.setAttribute("role", "group");
    this.totals.setAttribute("aria-label", "show jobs by status");
    this.filters = element("span", "boardfilters", head);
    this.shown = element("span", "shown", this.filters);
    this.field = searchField(this.filters, "filter jobs by text", () => this.filter());
    this.line = element("div", "line", this.root);
    this.table = new BoardTable(this.root, {
      unfolded: (index) => this.tell({ unfold: index }),
      folded: (index) => this.tell({ fold: index }),
      settled: () => this.showShown(),
    });
    this.none = element("div", "line", this.root);
    this.noneWords = element("span", "", this.none);
    this.reset = button(this.none, "show all", () => this.showAll());
  }

  onWidth(width) {
    this.root.toggleAttribute("data-tight", width < TIGHT);
    this.root.toggleAttribute("data-narrow", width < SLENDER);
    this.table.resized();
  }

  // What the kernel tells.

  take(update, isLost) {
    this.count = update.count;
    this.contact = update.contact;
    this.noteKept(update.kept);
    for (const [index, ...cells] of update.rows) this.table.jobs[index] = jobOf(cells);
    if (update.rows.length && this.askedAt) this.askedAt = Date.now();
    if (update.rows.length) this.table.changed(update.rows.map(([index]) => index));
    for (const [index, message] of update.messages) this.table.take(index, message);
    this.show();
    if (isLost) this.askAgain();
    else this.askForMissing();
  }

  /** All of it: an update was lost. */
  askAgain() {
    this.askedAt = Date.now();
    this.tell({ resend: true });
    for (const index of this.table.unfolded()) this.tell({ unfold: index });
  }

  /** What is not here: a view that opens late knows the last update only. */
  askForMissing() {
    if (this.link.isGone) return;
    this.table.askForMissing((of, need) => this.tell({ of, need }));
    const known = this.table.jobs.reduce((number) => number + 1, 0); // holes are passed over
    if (known >= this.count || Date.now() - this.askedAt < ROWS_PATIENCE) return;
    this.askedAt = Date.now();
    this.tell({ resend: true });
  }

  show() {
    this.counts = new Map();
    this.troubled = 0;
    for (const job of this.table.jobs) {
      if (!job) continue;
      this.counts.set(job.status, (this.counts.get(job.status) ?? 0) + 1);
      if (job.trouble) this.troubled += 1;
    }
    for (const status of ORDER) this.showChip(status, this.counts.get(status) ?? 0);
    this.filters.classList.toggle("jobwidgets-unneeded", this.needsNoField);
    this.showShown();
    this.readOut();
    this.tick();
  }

  get needsNoField() {
    return this.count < MANY && !this.isFiltered;
  }

  // Totals: each filters by its status.

  showChip(status, number) {
    if (!this.chips.has(status) && !number) return;
    const chip = this.chips.get(status) ?? this.makeChip(status);
    const mark = this.table.jobs.find((job) => job?.status === status)?.mark;
    chip.status.show({ mark: mark ?? chip.status.mark.textContent, words: total(number, status) });
    chip.hidden = !number && !this.chosen.has(status) && chip !== focused(chip);
  }

  makeChip(status) {
    const chip = button(null, "", () => this.choose(status));
    chip.className = "jobwidgets-chip";
    chip.dataset.status = status ?? "";
    put(chip, "aria-pressed", false);
    chip.status = new StatusMark(chip);
    this.chips.set(status, chip);
    const later = ORDER.slice(ORDER.indexOf(status) + 1);
    const next = later.map((one) => this.chips.get(one)).find(Boolean);
    this.totals.insertBefore(chip, next ?? null);
    return chip;
  }

  choose(status) {
    if (!this.chosen.delete(status)) this.chosen.add(status);
    this.filter();
  }

  get isFiltered() {
    return Boolean(this.needle || this.chosen.size);
  }

  filter() {
    this.needle = this.field.value.trim().toLowerCase();
    const { needle, chosen } = this;
    for (const [status, chip] of this.chips) put(chip, "aria-pressed", chosen.has(status));
    const fits = (job) =>
      (!chosen.size || chosen.has(job.status)) && (!needle || holds(job, needle));
    this.table.filter(this.isFiltered ? fits : null);
    this.show();
  }

  showAll() {
    this.field.value = "";
    this.chosen.clear();
    this.filter();
  }

  showShown() {
    const { length } = this.table;
    say(this.shown, this.isFiltered ? `${counted(length)} of ${counted(this.count)}` : "");
    const isLoading = this.table.jobs.length < this.count;
    this.table.scroller.hidden = length === 0;
    say(this.noneWords, this.isFiltered ? "No job fits. " : isLoading ? "…" : "No jobs.");
    hide(this.none, length > 0, this.needsNoField ? this.root : this.field);
    this.reset.hidden = !this.isFiltered;
  }

  /** Read out how many there are of each status, not too often. */
  readOut() {
    const told = ORDER.filter((status) => this.counts.get(status));
    const words = told.map((status) => total(this.counts.get(status), status)).join(", ");
    if (words === this.words || this.reading) return;
    this.words = words;
    say(this.live, words);
    this.reading = setTimeout(() => {
      this.reading = null;
      this.readOut();
    }, CALM);
  }

  // The clocks.

  tick() {
    this.table.tick();
    say(this.line, this.sentence());
    this.line.hidden = !this.line.textContent;
  }

  sentence() {
    const place = this.placeWords(!this.contact && this.table.jobs.every((job) => job?.ended));
    if (place) return place;
    const listing = this.contact ? listingWords(this.contact, Date.now()) : "";
    const without = this.troubled ? `${counted(this.troubled, "job")} without contact` : "";
    return [listing, without].filter(Boolean).join(" · ");
  }

  onGone() {
    super.onGone();
    this.table.gone(this.link.isGone);
    if (!this.link.isGone) this.askAgain();
    this.tick();
  }

  remove() {
    super.remove();
    clearTimeout(this.reading);
    this.table.remove();
  }
}

function render({ model, el }) {
  const view = new BoardView(model, el, "board");
  return () => view.remove();
}

export default { render };

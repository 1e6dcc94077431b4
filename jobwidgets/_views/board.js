// The view of a board: totals, filters, and the table of the jobs.

import { BoardActions } from "./board_actions.js";
import { ColumnChoice } from "./board_choice.js";
import { copyTable, giveTable, jobTable } from "./board_copy.js";
import { jobOf } from "./board_job.js";
import { Selection } from "./board_selection.js";
import { BoardTable } from "./board_table.js";
import { now } from "./monotonic.js";
import {
  button, element, focused, hide, put, say, searchField, selectionAt, StatusMark,
} from "./parts.js";
import { initialize, View } from "./view.js";
import { counted, sentenceText } from "./words.js";

const CALM = 5000; // ms between two things that are read out
const JOBS_PATIENCE = 4000; // ms until jobs that do not come are asked for again
const SLENDER = 640; // px; below it a row has two lines
const MANY = 8; // jobs from which on a filter is of use

/** Whether a job has a text in what is said of it. */
function holds(job, needle) {
  const texts = [job.id, job.kind, job.owner, job.preview, job.words, job.status_hint, job.trouble];
  return texts.some((text) => text?.toLowerCase().includes(needle));
}

class BoardView extends View {
  build() {
    this.askedAt = -Infinity; // when jobs were last asked for, or came
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
    this.lineWords = element("span", "", this.line);
    this.again = button(this.line, "", () => this.send({ act: "list" }));
    const tools = (this.tools = element("div", "boardtools", this.root));
    this.caption = element("span", "caption", tools);
    this.selection = new Selection(this.link.name, (request) => this.send(request));
    this.actions = new BoardActions(tools, this.root, {
      act: (name) => this.act(name),
      clear: () => this.clear(),
      copy: () => copyTable(this.copied()),
    });
    this.table = new BoardTable(this.root, this.selection, {
      unfolded: (index) => this.send({ unfold: index }),
      folded: (index) => this.send({ fold: index }),
      settled: () => this.showShown(),
      picked: () => this.showPicked(true),
    });
    this.root.addEventListener("copy", (event) => this.onCopy(event));
    this.choice = new ColumnChoice(tools, this.table);
    this.none = element("div", "line", this.root);
    this.noneWords = element("span", "", this.none);
    this.reset = button(this.none, "show all", () => this.showAll());
  }

  onWidth(width) {
    this.root.toggleAttribute("data-narrow", width < SLENDER);
    this.table.resized(width);
  }

  // What the kernel tells.

  take(update, isLost) {
    this.update = update;
    this.count = update.count;
    this.noteKept(update.kept);
    for (const [index, ...values] of update.jobs) {
      this.table.order.jobs[index] = jobOf(update.fields, values, this.arrival);
    }
    const isAsked = this.askedAt > -Infinity;
    if (update.jobs.length && isAsked) this.askedAt = now();
    if (update.jobs.length) this.table.changed(update.jobs.map(([index]) => index));
    if (this.selection.take(update.selection)) this.table.picker.mark();
    for (const [index, told] of update.unfolded) this.table.take(index, told, this.arrival);
    this.show();
    if (isLost) this.askAgain();
    else this.askForMissing();
  }

  /** All of it: an update was lost. */
  askAgain() {
    this.askedAt = now();
    this.send({ resend: true });
    for (const index of this.table.unfolded()) this.send({ unfold: index });
  }

  /** What is not here: a view that opens late knows the last update only. */
  askForMissing() {
    if (this.link.isGone) return;
    this.table.askForMissing((of, need) => this.send({ of, need }));
    const known = this.table.order.jobs.reduce((number) => number + 1, 0); // holes are passed over
    if (known >= this.count || now() - this.askedAt < JOBS_PATIENCE) return;
    this.askedAt = now();
    this.send({ resend: true });
  }

  show() {
    this.update.totals.forEach((total, place) => this.showChip(place, total));
    say(this.caption, this.update.caption);
    put(this.caption, "title", this.update.caption || null);
    this.table.columns.alike(this.update.alike);
    this.choice.show();
    hide(this.tools, this.count === 0, this.root);
    this.filters.classList.toggle("jobwidgets-unneeded", this.needsNoField);
    this.showShown();
    this.showPicked();
    this.readOut();
    this.tick();
  }

  get needsNoField() {
    return this.count < MANY && !this.isFiltered;
  }

  // Totals: each filters by its status.

  showChip(place, [status, mark, words, count]) {
    if (!this.chips.has(status) && !count) return;
    const chip = this.chips.get(status) ?? this.makeChip(status, place);
    chip.status.show({ mark, words });
    chip.hidden = !count && !this.chosen.has(status) && chip !== focused(chip);
  }

  makeChip(status, place) {
    const chip = button(null, "", () => this.choose(status));
    chip.className = "jobwidgets-chip";
    chip.dataset.status = status ?? "";
    put(chip, "aria-pressed", false);
    chip.status = new StatusMark(chip);
    chip.place = place;
    this.chips.set(status, chip);
    const next = [...this.totals.children].find((other) => other.place > place);
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
    const { length } = this.table.order;
    say(this.shown, this.isFiltered ? `${counted(length)} of ${counted(this.count)}` : "");
    const isLoading = this.table.order.jobs.length < this.count;
    this.table.scroller.hidden = length === 0;
    say(this.noneWords, this.isFiltered ? "No job fits. " : isLoading ? "…" : "No jobs.");
    hide(this.none, length > 0 || this.update.is_unlisted, this.needsNoField ? this.root : this.field);
    this.reset.hidden = !this.isFiltered;
  }

  // The selection, and what is done with it.

  get picked() {
    const { jobs } = this.table.order;
    return [...this.selection.indexes].map((index) => jobs[index]).filter(Boolean);
  }

  showPicked(isRead = false) {
    const { size } = this.selection.indexes;
    this.actions.show(this.picked, size, this.isFiltered, this.link.isGone);
    if (isRead) say(this.live, `${counted(size, "job")} selected`);
  }

  act(name) {
    const { jobs } = this.table.order;
    const isFit = (job) => (name === "cancel" ? job?.can_cancel : job?.action === name);
    const on = [...this.selection.indexes].filter((index) => isFit(jobs[index]));
    this.send({ act: name, on: this.selection.ranges(on) });
  }

  clear() {
    this.selection.set([]);
    this.table.picker.changed();
  }

  /** The selected jobs, else those that are shown, as they stand in the table. */
  copied() {
    const { jobs, indexes } = this.table.order;
    const chosen = this.selection.indexes;
    const hidden = [...chosen].filter((index) => !indexes.includes(index));
    const picked = [...indexes.filter((index) => chosen.has(index)), ...hidden];
    const copied = (chosen.size ? picked : indexes).map((index) => jobs[index]).filter(Boolean);
    return jobTable(copied, this.table.now);
  }

  onCopy(event) {
    const isText = event.defaultPrevented || !selectionAt(this.root).isCollapsed;
    const isInTable = this.table.scroller.contains(event.target);
    if (!isText && isInTable && this.selection.indexes.size) giveTable(event, this.copied());
  }

  /** Read out how many there are of each status, not too often. */
  readOut() {
    const words = this.update.spoken;
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
    if (!this.update) return;
    const words = this.sentence();
    say(this.lineWords, words && `${words} `);
    const canTry = this.update.can_try && !this.link.isGone;
    say(this.again, canTry ? "try now" : "");
    hide(this.again, !canTry, this.root);
    this.line.hidden = !words;
  }

  sentence() {
    return this.placeWords(this.update.is_over) || sentenceText(this.update.line, this.passed);
  }

  onGone() {
    super.onGone();
    this.table.gone(this.link.isGone);
    this.showPicked();
    if (!this.link.isGone) this.askAgain();
    this.tick();
  }

  remove() {
    super.remove();
    clearTimeout(this.reading);
    this.actions.remove();
    this.table.remove();
  }
}

function render({ model, el }) {
  const view = new BoardView(model, el, "board");
  return () => view.remove();
}

export default { initialize, render };

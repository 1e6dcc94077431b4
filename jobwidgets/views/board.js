// The view of a board: totals, filters, and the table of the jobs.

import { button, element, keepKeys, KernelLink, put, say, span, viewRoot } from "./parts.js";
import { jobOf } from "./board_row.js";
import { BoardTable } from "./board_table.js";

const TICK = 1000; // ms between two turns of the clocks
const CALM = 5000; // ms between two things that are read out
const PATIENCE = 4000; // ms until what does not come is asked for again
const TIGHT = 820; // px
const NARROW = 600; // px
const MANY = 8; // jobs from which on a filter is of use
const ORDER = ["running", "cancelling", "queued", null, "failed", "cancelled", "gone", "unknown", "succeeded"];
const WORDS = new Map([[null, "not heard of yet"], ["unknown", "of unknown status"]]);
const UNREACHED = 3000; // ms after the outputs were kept: a view that is still there is in none
const KEEP = "To keep this in the saved notebook, run this cell again.";
const LAST_KNOWN = "The kernel is gone: this is what was last known.";

/** What is to be said of the list of a jobs resource. */
function listingWords({ state, error, heard, next }, now) {
  const reason = error ? ` (${error.replace(/\.$/, "")})` : "";
  switch (state) {
    case "connecting":
      return "Asking for the list of jobs…";
    case "in touch":
      return "New jobs appear by themselves.";
    case "retrying": {
      const silence = heard ? `No answer for ${span((now - heard) / 1000)}` : "No answer yet";
      const left = Math.ceil((next - now) / 1000);
      return `${silence}${reason}. ${left > 0 ? `Trying again in ${span(left)}.` : "Trying again now."}`;
    }
    case "unauthorised":
      return `The server wants a new token${reason}. Set jobs.token to go on.`;
    case "lost":
      return `No list of jobs${reason}.`;
    default:
      return "The list of jobs is not watched.";
  }
}

/** Whether a job has a text in what is said of it. */
function holds(job, needle) {
  const texts = [job.id, job.kind, job.owner, job.text, job.words, job.raw, job.trouble];
  return texts.some((text) => text && text.toLowerCase().includes(needle));
}

class BoardView {
  constructor(model, el) {
    this.model = model;
    this.number = null;
    this.keptAt = null;
    this.askedAt = 0; // when rows were last asked for, or came
    this.contact = null;
    this.count = 0;
    this.needle = "";
    this.chosen = new Set(); // statuses; none of them stands for all
    this.chips = new Map();
    const name = crypto.randomUUID?.() ?? String(Math.random());
    this.link = new KernelLink(model, name, () => this.onGone());
    this.root = viewRoot("board");
    this.build();
    el.replaceChildren(this.root);
    this.listen();
    this.tell({});
    this.receive();
  }

  build() {
    const head = element("div", "boardhead", this.root);
    this.totals = element("div", "totals", head);
    this.totals.setAttribute("role", "group");
    this.totals.setAttribute("aria-label", "show jobs by status");
    this.filters = element("span", "boardfilters", head);
    this.shown = element("span", "shown", this.filters);
    this.field = element("input", "field", this.filters);
    this.field.type = "search";
    this.field.placeholder = "filter";
    this.field.setAttribute("aria-label", "filter jobs by text");
    this.field.spellcheck = false;
    this.line = element("div", "line", this.root);
    this.table = new BoardTable(this.root, {
      unfolded: (index) => this.tell({ unfold: index }),
      needs: (index, gaps) => this.tell({ of: index, need: gaps }),
      folded: (index) => this.tell({ fold: index }),
      settled: () => this.showShown(),
    });
    this.none = element("div", "line", this.root);
    this.reset = button(this.none, "show all", () => this.showAll());
    this.noneWords = element("span", "", this.none);
    this.none.prepend(this.noneWords);
    this.live = element("div", "hidden", this.root);
    this.live.setAttribute("role", "status");
  }

  listen() {
    this.onUpdate = () => this.receive();
    this.model.on("change:_update", this.onUpdate);
    this.field.addEventListener("input", () => this.filter());
    this.onUse = () => {
      const inUse = this.root.contains(document.activeElement) || this.hasSelection();
      if (inUse === Boolean(this.inUse)) return;
      this.inUse = inUse;
      this.tell({});
    };
    for (const event of ["focusin", "focusout"]) {
      this.root.addEventListener(event, () => setTimeout(this.onUse));
    }
    document.addEventListener("selectionchange", this.onUse);
    this.endKeys = keepKeys(this.root);
    this.observer = new ResizeObserver(() => {
      const { clientWidth } = this.root;
      if (!clientWidth) return;
      this.root.toggleAttribute("data-tight", clientWidth < TIGHT);
      this.root.toggleAttribute("data-narrow", clientWidth < NARROW);
      this.table.resized();
    });
    this.observer.observe(this.root);
    this.timer = setInterval(() => this.tick(), TICK);
  }

  hasSelection() {
    const selection = document.getSelection();
    return Boolean(selection && !selection.isCollapsed && this.root.contains(selection.anchorNode));
  }

  tell(content) {
    this.link.send({ in_use: Boolean(this.inUse), ...content });
  }

  // What the kernel tells.

  /** All of it: an update was lost. */
  askAgain() {
    this.askedAt = Date.now();
    this.tell({ resend: true });
    for (const index of this.table.unfolded()) this.tell({ unfold: index });
  }

  /** The rows that are not here, a view that opens late knows the last update only. */
  askForMissing() {
    const { jobs } = this.table;
    const known = jobs.reduce((number) => number + 1, 0); // holes are passed over
    if (known >= this.count || this.link.isGone || Date.now() - this.askedAt < PATIENCE) return;
    this.askedAt = Date.now();
    this.tell({ resend: true });
  }

  receive() {
    const update = this.model.get("_update");
    if (!update?.rows || update.n === this.number) return;
    const isMissing = this.number !== null && update.n !== this.number + 1;
    this.number = update.n;
    this.count = update.count;
    this.contact = update.contact;
    if (!update.kept) this.keptAt = null;
    else this.keptAt ??= Date.now();
    for (const [index, ...cells] of update.rows) this.table.jobs[index] = jobOf(cells);
    if (update.rows.length && this.askedAt) this.askedAt = Date.now();
    if (update.rows.length) this.table.changed(update.rows.map(([index]) => index));
    for (const [index, message] of update.messages) this.table.take(index, message);
    this.show();
    if (isMissing) this.askAgain();
    else this.askForMissing();
  }

  show() {
    const counts = new Map();
    let troubled = 0;
    for (const job of this.table.jobs) {
      if (!job) continue;
      counts.set(job.status, (counts.get(job.status) ?? 0) + 1);
      if (job.trouble) troubled += 1;
    }
    this.counts = counts;
    this.troubled = troubled;
    for (const status of ORDER) this.showChip(status, counts.get(status) ?? 0);
    this.filters.classList.toggle("jobwidgets-unneeded", this.count < MANY && !this.isFiltered);
    this.showShown();
    this.say();
    this.tick();
  }

  // Totals: each filters by its status.

  showChip(status, number) {
    let chip = this.chips.get(status);
    if (!chip && !number) return;
    if (!chip) {
      chip = this.makeChip(status);
      this.chips.set(status, chip);
      const place = ORDER.indexOf(status);
      const next = ORDER.slice(place + 1).map((one) => this.chips.get(one)).find(Boolean);
      this.totals.insertBefore(chip.root, next?.root ?? null);
    }
    const mark = this.table.jobs.find((job) => job?.status === status)?.mark;
    if (mark) say(chip.mark, mark);
    say(chip.words, `${number.toLocaleString("en-US")} ${WORDS.get(status) ?? status}`);
    chip.root.hidden = !number && !this.chosen.has(status);
  }

  makeChip(status) {
    const root = element("button", "chip");
    root.type = "button";
    root.dataset.status = status ?? "";
    root.setAttribute("aria-pressed", "false");
    const mark = element("span", "mark", root);
    mark.setAttribute("aria-hidden", "true");
    const words = element("span", "", root);
    root.addEventListener("click", () => this.choose(status));
    return { root, mark, words };
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
    for (const [status, { root }] of this.chips) put(root, "aria-pressed", chosen.has(status));
    const fits = (job) =>
      (!chosen.size || chosen.has(job.status)) && (!needle || holds(job, needle));
    this.table.filter(this.isFiltered ? fits : null);
    this.show();
  }

  showAll() {
    this.field.value = "";
    this.chosen.clear();
    this.filter();
    this.field.focus();
  }

  showShown() {
    const { length } = this.table;
    say(this.shown, this.isFiltered ? `${length.toLocaleString("en-US")} of ${this.count.toLocaleString("en-US")}` : "");
    const isLoading = this.table.jobs.length < this.count;
    this.none.hidden = length > 0;
    this.table.scroller.hidden = length === 0;
    this.reset.hidden = !this.isFiltered;
    say(this.noneWords, this.isFiltered ? "No job fits. " : isLoading ? "…" : "No jobs.");
  }

  /** Read out how many there are of each status, not too often. */
  say() {
    const words = ORDER.filter((status) => this.counts.get(status))
      .map((status) => `${this.counts.get(status)} ${WORDS.get(status) ?? status}`).join(", ");
    if (words === this.words || this.saying) return;
    this.words = words;
    say(this.live, words);
    this.saying = setTimeout(() => {
      this.saying = null;
      this.say();
    }, CALM);
  }

  // The clocks.

  tick() {
    this.link.look();
    const now = Date.now();
    this.table.tick();
    this.table.askForMissing(now);
    this.askForMissing();
    say(this.line, this.sentence(now));
    this.line.hidden = !this.line.textContent;
  }

  sentence(now) {
    if (this.link.isGone && !this.isOver) return LAST_KNOWN;
    if (this.isUnreached(now)) return KEEP;
    const without = this.troubled
      ? `${this.troubled.toLocaleString("en-US")} ${this.troubled === 1 ? "job" : "jobs"} without contact`
      : "";
    const listing = this.contact ? listingWords(this.contact, now) : "";
    return [listing, without].filter(Boolean).join(" · ");
  }

  /** Whether the outputs were kept without this view; Voila's pages are saved by nobody. */
  isUnreached(now) {
    const isLate = this.keptAt !== null && now - this.keptAt > UNREACHED;
    return isLate && Boolean(this.root.closest(".jp-Notebook")) && !document.body.dataset.voila;
  }

  get isOver() {
    return !this.contact && this.table.jobs.every((job) => job?.ended);
  }

  onGone() {
    this.root.toggleAttribute("data-gone", this.link.isGone);
    this.table.gone(this.link.isGone);
    if (!this.link.isGone) this.askAgain();
    this.tick();
  }

  remove() {
    clearInterval(this.timer);
    clearTimeout(this.saying);
    document.removeEventListener("selectionchange", this.onUse);
    this.endKeys();
    this.observer.disconnect();
    this.model.off("change:_update", this.onUpdate);
    this.table.remove();
    if (!this.link.isGone) this.tell({ open: false });
    this.link.remove();
  }
}

function render({ model, el }) {
  const view = new BoardView(model, el);
  return () => view.remove();
}

export default { render };

// The table of a board: as many rows as there are jobs, of which only those in sight are in the
// page. Folded rows have one height, so that nothing is measured but what is unfolded.
//
//   new BoardTable(parent, told)   told.unfolded(index), told.folded(index),
//                                told.needs(index, gaps) of messages, told.settled()
//   .jobs                          what is known of each job, by index; a hole where nothing is
//   .changed(indexes)              these jobs are new or changed
//   .filter(fits)                  show the jobs for which fits(job) is true; null for all
//   .length                        how many are shown
//   .take(index, update)           messages of an unfolded job
//   .tick(), .askForMissing(now), .resized(), .gone(isGone), .remove()

import { element, keyHandler, put, say } from "./parts.js";
import { JOB_COLUMNS, Row, seconds } from "./board_row.js";

const ROWS_AROUND = 8; // rows drawn above and below what is in sight
const UNSEEN = 640; // px of rows drawn while the board is in no page yet
const RANKS = ["failed", "gone", "unknown", "cancelled", "running", "cancelling", "queued", null, "succeeded"];
const words = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const KEYS = {
  state: (job) => RANKS.indexOf(job.status),
  kind: (job) => job.kind,
  job: (job) => job.id,
  part: (job) => job.progress,
  time: (job, now) => seconds(job, now),
  owner: (job) => job.owner,
  trouble: (job) => job.trouble,
  last: (job) => job.text,
};

function compared(a, b) {
  return typeof a === "number" ? a - b : words.compare(a, b);
}

const isNothing = (key) => key === null || key === "";

/** The order of the jobs by one column; those without a value come last either way. */
export function sorted(indexes, jobs, name, direction, now) {
  const keys = new Map(indexes.map((index) => [index, KEYS[name](jobs[index], now)]));
  return [...indexes].sort((a, b) => {
    const [x, y] = [keys.get(a), keys.get(b)];
    if (isNothing(x) || isNothing(y)) return isNothing(x) - isNothing(y) || a - b;
    return direction * compared(x, y) || a - b;
  });
}

export class BoardTable {
  constructor(parent, told) {
    this.told = told;
    this.jobs = [];
    this.rows = new Map(); // index -> Row
    this.order = []; // indexes, as shown
    this.fits = null;
    this.column = null;
    this.direction = 1;
    this.focused = null; // the index of the row that Tab comes to
    this.heights = new Map(); // index -> px of what is unfolded
    this.used = new Set();
    this.columns = JOB_COLUMNS.length; // that are shown
    this.build(parent);
  }

  build(parent) {
    this.scroller = element("div", "jobs", parent);
    const table = (this.table = element("table", "jobtable", this.scroller));
    table.setAttribute("role", "table");
    element("caption", "hidden", table, "Jobs");
    const thead = element("thead", "", table);
    thead.setAttribute("role", "rowgroup");
    const head = element("tr", "", thead);
    head.setAttribute("role", "row");
    head.setAttribute("aria-rowindex", "1");
    this.heads = {};
    for (const [name, heading] of JOB_COLUMNS) {
      const cell = element("th", name, head);
      cell.scope = "col";
      cell.setAttribute("role", "columnheader");
      const sorter = element("button", "sorter", cell, heading);
      sorter.type = "button";
      sorter.addEventListener("click", () => this.sort(name));
      this.heads[name] = cell;
    }
    this.body = element("tbody", "", table);
    this.body.setAttribute("role", "rowgroup");
    this.listen();
  }

  listen() {
    this.scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    keyHandler(this.body, (event) => this.onKey(event));
    this.body.addEventListener("pointerleave", () => this.settle());
    this.body.addEventListener("focusout", () => setTimeout(() => this.settle()));
    this.body.addEventListener("focusin", (event) => this.onFocus(event));
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.scroller);
  }

  get length() {
    return this.order.length;
  }

  // What is shown, in which order.

  changed(indexes) {
    for (const index of indexes) this.rows.get(index)?.show(this.jobs[index], Date.now());
    for (const name of ["kind", "owner", "trouble", "part", "time", "last"]) this.noteUse(name, indexes);
    if (this.isBusy) this.append(indexes);
    else this.arrange();
  }

  /** Columns that are empty for all jobs are not shown. */
  noteUse(name, indexes) {
    if (this.used.has(name)) return;
    const now = Date.now();
    const key = name === "part" ? (job) => job.steps || job.progress : KEYS[name];
    if (indexes.some((index) => !isNothing(key(this.jobs[index], now)))) this.used.add(name);
    const without = JOB_COLUMNS.map(([one]) => one)
      .filter((one) => !this.used.has(one) && one !== "state" && one !== "job");
    this.table.dataset.without = without.join(" ");
    this.countColumns();
  }

  /** What spans the table spans as many columns as are shown: more would make columns of its own. */
  countColumns() {
    const heads = Object.values(this.heads);
    this.columns = heads.filter((head) => getComputedStyle(head).display !== "none").length;
  }

  /** The board has another width. */
  resized() {
    this.countColumns();
    this.draw();
  }

  /** Nothing moves under the pointer or the focus: the order is put right when they have gone. */
  get isBusy() {
    if (!this.fits && !this.column) return false;
    return this.body.matches(":hover") || this.body.contains(document.activeElement);
  }

  append(indexes) {
    const known = new Set(this.order);
    const fresh = indexes.filter((index) => !known.has(index) && (!this.fits || this.fits(this.jobs[index])));
    this.order.push(...fresh);
    this.isStale = true;
    this.draw();
  }

  settle() {
    if (!this.isStale || this.isBusy) return;
    this.arrange();
    this.told.settled();
  }

  arrange() {
    this.isStale = false;
    const indexes = [];
    this.jobs.forEach((job, index) => {
      if (!this.fits || this.fits(job)) indexes.push(index);
    });
    this.order = this.column
      ? sorted(indexes, this.jobs, this.column, this.direction, Date.now())
      : indexes;
    this.draw();
  }

  filter(fits) {
    this.fits = fits;
    this.scroller.scrollTop = 0;
    this.arrange();
  }

  /** Up, down, and as it was given. */
  sort(name) {
    if (this.column !== name) [this.column, this.direction] = [name, 1];
    else if (this.direction === 1) this.direction = -1;
    else this.column = null;
    for (const [one] of JOB_COLUMNS) {
      const direction = this.direction === 1 ? "ascending" : "descending";
      put(this.heads[one], "aria-sort", one === this.column ? direction : null);
    }
    this.arrange();
  }

  // Drawing.

  /** px of a folded row, as in board.css. */
  get rowHeight() {
    return Number.parseFloat(getComputedStyle(this.table).getPropertyValue("--jw-job")) || 28;
  }

  draw() {
    const height = this.rowHeight;
    const positions = this.inSight(height);
    const now = Date.now();
    const nodes = [];
    const kept = new Set();
    let next = 0;
    let skipped = 0;
    for (const position of positions) {
      const index = this.order[position];
      skipped = this.heightBetween(next, position, height);
      if (skipped) nodes.push(this.gap(nodes.length, skipped));
      const row = this.rowOf(index);
      row.show(this.jobs[index], now);
      row.place(position, this.columns);
      nodes.push(row.row, ...(row.detail ? [row.detail] : []));
      kept.add(index);
      next = position + 1;
    }
    skipped = this.heightBetween(next, this.order.length, height);
    if (skipped) nodes.push(this.gap(nodes.length, skipped));
    this.settleNodes(nodes);
    this.drop(kept);
    put(this.table, "aria-rowcount", this.order.length + 1);
    this.measure();
    this.keepTabStop();
  }

  /** The positions to draw: those in sight, those that are unfolded, and that with the focus. */
  inSight(height) {
    const { scrollTop, clientHeight } = this.scroller;
    const head = this.table.tHead.offsetHeight;
    const unfolded = new Set(this.heights.keys());
    const always = [];
    const active = this.activeIndex();
    let above = 0;
    let first = null;
    let last = 0;
    const from = scrollTop - head;
    const to = from + (clientHeight || UNSEEN);
    if (!unfolded.size && active === null) {
      first = Math.floor(from / height);
      last = Math.ceil(to / height);
    } else {
      this.order.forEach((index, position) => {
        const own = height + (this.heights.get(index) ?? 0);
        if (first === null && above + own > from) first = position;
        if (above < to) last = position + 1;
        above += own;
        if (unfolded.has(index) || index === active) always.push(position);
      });
    }
    const begin = Math.max(0, (first ?? 0) - ROWS_AROUND);
    const end = Math.min(this.order.length, last + ROWS_AROUND);
    const positions = new Set(always);
    for (let position = begin; position < end; position++) positions.add(position);
    return [...positions].sort((a, b) => a - b);
  }

  heightBetween(from, to, height) {
    return Math.max(0, to - from) * height; // what is unfolded is always drawn
  }

  gap(place, height) {
    this.gaps ??= new Map();
    if (!this.gaps.has(place)) {
      const row = element("tr", "gap");
      row.setAttribute("aria-hidden", "true");
      element("td", "", row);
      this.gaps.set(place, row);
    }
    const row = this.gaps.get(place);
    put(row.cells[0], "colspan", this.columns);
    const wanted = `${height}px`;
    if (row.style.height !== wanted) row.style.height = wanted;
    return row;
  }

  rowOf(index) {
    if (!this.rows.has(index)) {
      this.rows.set(index, new Row(index, {
        toggle: (row) => this.toggle(row),
        needs: (job, gaps) => this.told.needs(job, gaps),
      }));
    }
    return this.rows.get(index);
  }

  /** Bring the nodes into order; what has the focus is not moved, or it would lose it. */
  settleNodes(nodes) {
    const wanted = new Set(nodes);
    for (const node of [...this.body.children]) if (!wanted.has(node)) node.remove();
    let cursor = this.body.firstChild;
    for (const node of nodes) {
      if (node !== cursor && node.contains(document.activeElement)) {
        while (cursor && cursor !== node) {
          const passed = cursor;
          cursor = cursor.nextSibling;
          this.body.append(passed);
        }
      }
      if (node === cursor) cursor = cursor.nextSibling;
      else this.body.insertBefore(node, cursor);
    }
  }

  drop(kept) {
    for (const [index, row] of this.rows) {
      if (kept.has(index) || row.detail) continue;
      row.remove();
      this.rows.delete(index);
    }
  }

  measure() {
    for (const index of this.heights.keys()) {
      const height = this.rows.get(index)?.detail?.offsetHeight;
      if (height) this.heights.set(index, height);
    }
  }

  tick() {
    const now = Date.now();
    for (const row of this.rows.values()) row.tick(now);
  }

  // Unfolding.

  toggle(row) {
    if (row.detail) {
      row.fold();
      this.heights.delete(row.index);
      this.told.folded(row.index);
    } else {
      row.unfold();
      this.heights.set(row.index, 0);
      this.told.unfolded(row.index);
      if (this.isGone) row.messages.close();
    }
    this.draw();
  }

  take(index, update) {
    this.rows.get(index)?.take(update);
    this.measure();
  }

  askForMissing(now) {
    if (!this.isGone) for (const row of this.rows.values()) row.askForMissing(now);
  }

  /** The unfolded jobs. */
  unfolded() {
    return [...this.heights.keys()];
  }

  gone(isGone) {
    this.isGone = isGone;
    if (isGone) for (const row of this.rows.values()) row.messages?.close();
  }

  // The keyboard: Tab comes to one row, the arrows go from row to row.

  activeIndex() {
    const active = document.activeElement;
    if (!active || !this.body.contains(active)) return null;
    for (const [index, row] of this.rows) {
      if (row.row.contains(active) || row.detail?.contains(active)) return index;
    }
    return null;
  }

  onFocus(event) {
    for (const [index, row] of this.rows) if (row.button === event.target) this.focused = index;
    this.keepTabStop();
  }

  keepTabStop() {
    const shown = this.rows.has(this.focused) ? this.focused : (this.firstInSight() ?? null);
    for (const [index, row] of this.rows) put(row.button, "tabindex", index === shown ? 0 : -1);
  }

  firstInSight() {
    const position = Math.max(0, Math.ceil(this.scroller.scrollTop / this.rowHeight));
    return this.order.slice(position).find((index) => this.rows.has(index)) ?? this.order[0];
  }

  onKey(event) {
    const from = this.order.findIndex((index) => this.rows.get(index)?.button === event.target);
    if (from < 0) return;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / this.rowHeight) - 2);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.goTo(Math.min(Math.max(from + step, 0), this.order.length - 1));
  }

  goTo(position) {
    const index = this.order[position];
    const height = this.rowHeight;
    let top = position * height;
    for (const [one, more] of this.heights) if (this.order.indexOf(one) < position) top += more;
    const head = this.table.tHead.offsetHeight;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top + height + head > scrollTop + clientHeight) {
      this.scroller.scrollTop = top + height + head - clientHeight;
    }
    this.draw();
    this.rows.get(index)?.button.focus({ preventScroll: true });
  }

  remove() {
    this.observer.disconnect();
    for (const row of this.rows.values()) row.remove();
  }
}

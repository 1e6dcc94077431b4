// The table of a board: as many rows as there are jobs, of which only those in sight are in the
// page, with those that are unfolded and that with the focus.
//
//   new BoardTable(parent, events) events.unfolded(index), events.folded(index), events.settled()
//   .jobs                          what is known of each job, by index; a hole where nothing is
//   .changed(indexes)              these jobs are new or changed
//   .filter(fits)                  show the jobs for which fits(job) is true; null for all
//   .length                        how many are shown
//   .take(index, update)           messages of an unfolded job
//   .askForMissing(ask)            ask(index, gaps) for messages of unfolded jobs
//   .unfolded()                    the indexes of those
//   .tick(), .resized(), .gone(isGone), .remove()

import { isNothing, JOB_COLUMNS, sorted } from "./board_job.js";
import { JobRow } from "./board_row.js";
import { Heights } from "./heights.js";
import { keyHandler } from "./keys.js";
import { now } from "./monotonic.js";
import { element, focused, put } from "./parts.js";

const ROWS_AROUND = 8; // rows drawn above and below what is in sight
const UNSEEN = 640; // px of rows drawn while the board is in no page yet
const ROW = 28; // px of a row, where its style is not known yet
const ALWAYS = ["state", "job"]; // columns

export class BoardTable {
  constructor(parent, events) {
    this.events = events;
    this.jobs = [];
    this.rows = new Map(); // index -> JobRow
    this.order = []; // indexes, as shown
    this.heights = new Heights(); // of rows and what they unfold to, as shown
    this.open = new Map(); // index -> px of what is unfolded
    this.fits = null;
    this.goneAt = null; // when the kernel went
    this.column = null;
    this.direction = 1;
    this.focused = null; // the index of the row that Tab comes to
    this.used = new Set(ALWAYS); // columns in which something stands
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
      const cell = (this.heads[name] = element("th", name, head));
      cell.scope = "col";
      cell.setAttribute("role", "columnheader");
      const sorter = element("button", "sorter", cell, heading);
      sorter.type = "button";
      sorter.addEventListener("click", () => this.sort(name));
    }
    this.body = element("tbody", "", table);
    this.body.setAttribute("role", "rowgroup");
    this.listen();
  }

  listen() {
    this.scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    keyHandler(this.body, (event, target) => this.onKey(event, target));
    this.body.addEventListener("pointerleave", () => this.settle());
    this.body.addEventListener("focusout", () => setTimeout(() => this.settle()));
    this.body.addEventListener("focusin", (event) => this.onFocus(event));
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.scroller);
  }

  get length() {
    return this.order.length;
  }

  /** By which the clocks go; without a kernel they stand. */
  get now() {
    return this.goneAt ?? now();
  }

  // What is shown, in which order.

  changed(indexes) {
    for (const index of indexes) this.rows.get(index)?.show(this.jobs[index], this.now);
    this.noteUse(indexes);
    if (this.isBusy) this.append(indexes);
    else this.arrange();
  }

  /** Columns that are empty for all jobs are not shown. */
  noteUse(indexes) {
    const now = this.now;
    const unused = JOB_COLUMNS.filter(([name]) => !this.used.has(name));
    const found = unused.filter(([, , key]) => indexes.some((i) => !isNothing(key(this.jobs[i], now))));
    for (const [name] of found) this.used.add(name);
    const without = unused.filter((column) => !found.includes(column)).map(([name]) => name);
    put(this.table, "data-without", without.join(" "));
    if (found.length) this.countColumns();
  }

  /** What spans the table spans as many columns as are shown: more would make columns of its own. */
  countColumns() {
    const heads = Object.values(this.heads);
    this.columns = heads.filter((head) => getComputedStyle(head).display !== "none").length;
  }

  /** The board has another width. */
  resized() {
    this.countColumns();
    this.refill();
    this.draw();
  }

  /** Nothing moves under the pointer or the focus: the order is put right when they have gone. */
  get isBusy() {
    if (!this.fits && !this.column) return false;
    return this.body.matches(":hover") || this.body.contains(focused(this.body));
  }

  append(indexes) {
    const known = new Set(this.order);
    const isFresh = (index) => !known.has(index) && (!this.fits || this.fits(this.jobs[index]));
    this.order.push(...indexes.filter(isFresh));
    this.isStale = true;
    this.refill();
    this.draw();
  }

  settle() {
    if (!this.isStale || this.isBusy) return;
    this.arrange();
    this.events.settled();
  }

  arrange() {
    this.isStale = false;
    const { jobs, fits, column } = this;
    const indexes = [];
    jobs.forEach((job, index) => {
      if (!fits || fits(job)) indexes.push(index);
    });
    this.order = column ? sorted(indexes, jobs, column, this.direction, this.now) : indexes;
    this.refill();
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
    const direction = this.direction === 1 ? "ascending" : "descending";
    for (const [one] of JOB_COLUMNS) {
      put(this.heads[one], "aria-sort", one === this.column ? direction : null);
    }
    this.arrange();
  }

  // Heights: a folded row has that of its style, what is unfolded is measured.

  refill() {
    const style = getComputedStyle(this.table).getPropertyValue("--jw-job");
    this.rowHeight = Number.parseFloat(style) || ROW;
    this.heights.cut(0);
    for (const index of this.order) this.heights.push(this.rowHeight + (this.open.get(index) ?? 0));
  }

  measure() {
    for (const [index, known] of this.open) {
      const height = this.rows.get(index)?.detail?.offsetHeight;
      if (!height || height === known) continue;
      this.open.set(index, height);
      const position = this.order.indexOf(index);
      if (position >= 0) this.heights.set(position, this.rowHeight + height);
    }
  }

  // Drawing.

  draw() {
    const now = this.now;
    const nodes = [];
    const drawn = new Set();
    let end = 0; // of what is drawn so far
    for (const position of [...this.inSight(), this.length]) {
      const skipped = this.heights.before(position) - this.heights.before(end);
      if (skipped) nodes.push(this.gap(nodes.length, skipped));
      if (position === this.length) break;
      const index = this.order[position];
      const row = this.rowOf(index);
      row.show(this.jobs[index], now);
      row.place(position, this.columns);
      nodes.push(row.row, ...(row.detail ? [row.detail] : []));
      drawn.add(index);
      end = position + 1;
    }
    this.settleNodes(nodes);
    this.drop(drawn);
    put(this.table, "aria-rowcount", this.length + 1);
    this.measure();
    this.keepTabStop();
  }

  /** The positions to draw: those in sight, those that are unfolded, and that with the focus. */
  inSight() {
    const { scrollTop, clientHeight } = this.scroller;
    const from = Math.max(0, scrollTop - this.table.tHead.offsetHeight);
    const first = Math.max(0, this.heights.at(from) - ROWS_AROUND);
    const last = this.heights.at(from + (clientHeight || UNSEEN)) + ROWS_AROUND;
    const positions = new Set();
    for (const index of [...this.open.keys(), this.activeIndex()]) {
      const position = this.order.indexOf(index);
      if (position >= 0) positions.add(position);
    }
    for (let i = first; i <= Math.min(last, this.length - 1); i++) positions.add(i);
    return [...positions].sort((a, b) => a - b);
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
    put(row, "style", `height:${height}px`);
    return row;
  }

  rowOf(index) {
    if (!this.rows.has(index)) this.rows.set(index, new JobRow(index, (row) => this.toggle(row)));
    return this.rows.get(index);
  }

  /** Bring the nodes into order; what has the focus is not moved, or it would lose it. */
  settleNodes(nodes) {
    const wanted = new Set(nodes);
    for (const node of [...this.body.children]) if (!wanted.has(node)) node.remove();
    let cursor = this.body.firstChild;
    for (const node of nodes) {
      if (node !== cursor && node.contains(focused(this.body))) {
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

  drop(drawn) {
    for (const [index, row] of this.rows) {
      if (drawn.has(index) || row.detail) continue;
      row.remove();
      this.rows.delete(index);
    }
  }

  tick() {
    const now = this.now;
    for (const row of this.rows.values()) row.tick(now);
  }

  // Unfolding.

  toggle(row) {
    const { index } = row;
    if (row.detail) {
      row.fold();
      this.open.delete(index);
      this.events.folded(index);
    } else {
      row.unfold();
      this.open.set(index, 0);
      this.events.unfolded(index);
      if (this.goneAt) row.messages.gone(true);
    }
    this.refill();
    this.draw();
  }

  take(index, update) {
    this.rows.get(index)?.messages?.take(update);
    this.measure();
  }

  askForMissing(ask) {
    for (const index of this.open.keys()) {
      this.rows.get(index).messages.askForMissing((gaps) => ask(index, gaps));
    }
  }

  unfolded() {
    return [...this.open.keys()];
  }

  gone(isGone) {
    this.goneAt = isGone ? now() : null;
    for (const index of this.open.keys()) this.rows.get(index).messages.gone(isGone);
  }

  // The keyboard: Tab comes to one row, the arrows go from row to row.

  activeIndex() {
    const active = focused(this.body);
    if (!this.body.contains(active)) return null;
    return active.closest(".jobwidgets-row, .jobwidgets-detail").index;
  }

  onFocus(event) {
    if (event.target.matches(".jobwidgets-fold")) this.focused = this.activeIndex();
    this.keepTabStop();
  }

  keepTabStop() {
    const stop = this.rows.has(this.focused) ? this.focused : this.firstInSight();
    for (const [index, row] of this.rows) put(row.button, "tabindex", index === stop ? 0 : -1);
  }

  firstInSight() {
    const position = this.heights.at(this.scroller.scrollTop + this.rowHeight - 1);
    return this.order.slice(position).find((index) => this.rows.has(index)) ?? this.order[0];
  }

  onKey(event, target) {
    if (!target.matches(".jobwidgets-fold")) return;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / this.rowHeight) - 2);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const wanted = this.order.indexOf(this.activeIndex()) + step;
    this.goTo(Math.min(Math.max(wanted, 0), this.length - 1));
  }

  goTo(position) {
    const top = this.heights.before(position);
    const { scrollTop, clientHeight } = this.scroller;
    const least = top + this.rowHeight + this.table.tHead.offsetHeight - clientHeight;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (least > scrollTop) this.scroller.scrollTop = least;
    this.draw();
    this.rows.get(this.order[position])?.button.focus({ preventScroll: true });
  }

  remove() {
    this.observer.disconnect();
    for (const row of this.rows.values()) row.remove();
  }
}

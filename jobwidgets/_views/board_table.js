// The table of a board: as many rows as there are jobs, of which only those in sight are in the
// page, with those that are unfolded and that with the focus.
//
//   new BoardTable(parent, selection, events)
//     events.unfolded(index), events.folded(index), events.settled(), events.picked()
//   .order, .columns               its JobOrder and its Columns
//   .picker                        its BoardPicker
//   .changed(indexes)              these jobs of the order are new or changed
//   .filter(fits)                  show the jobs for which fits(job) is true; null for all
//   .take(index, update, arrival)  what is new of an unfolded job, and when it came
//   .askForMissing(ask)            ask(index, gaps) for messages of unfolded jobs
//   .unfolded()                    the indexes of those
//   .show(position)                scroll to a row
//   .tick(), .resized(width), .gone(isGone), .remove()

import { BoardBody } from "./board_body.js";
import { Columns } from "./board_columns.js";
import { JobOrder } from "./board_job.js";
import { BoardKeys } from "./board_keys.js";
import { BoardPicker } from "./board_picker.js";
import { Heights } from "./heights.js";
import { now } from "./monotonic.js";
import { element, focused, put } from "./parts.js";

const ROWS_AROUND = 8; // rows drawn above and below what is in sight
const UNSEEN = 640; // px of rows drawn while the board is in no page yet
const ROW = 28; // px of a row, where its style is not known yet

export class BoardTable {
  constructor(parent, selection, events) {
    this.selection = selection;
    this.events = events;
    this.order = new JobOrder();
    this.heights = new Heights(); // of rows and what they unfold to, as shown
    this.open = new Map(); // index -> px of what is unfolded
    this.goneAt = null; // when the kernel went
    this.build(parent);
    this.keys = new BoardKeys(this);
    this.listen();
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
    this.picker = new BoardPicker(this, head);
    this.columns = new Columns(table, head, (name) => this.sort(name));
    this.drawn = new BoardBody(table, {
      toggle: (row) => this.toggle(row),
      pick: (row, isRange) => this.picker.pick(row.index, isRange),
      isGone: () => this.goneAt !== null, // without a kernel all clocks stand
    });
  }

  get body() {
    return this.drawn.root;
  }

  get rows() {
    return this.drawn.rows;
  }

  listen() {
    this.scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    this.body.addEventListener("pointerleave", () => this.settle());
    this.body.addEventListener("focusout", () => setTimeout(() => this.settle()));
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.scroller);
  }

  /** By which the clocks go; without a kernel they stand. */
  get now() {
    return this.goneAt ?? now();
  }

  // What is shown, in which order.

  changed(indexes) {
    const { jobs } = this.order;
    for (const index of indexes) this.rows.get(index)?.show(jobs[index], this.now);
    this.columns.note(indexes.map((index) => jobs[index]), this.now);
    if (this.isBusy) this.append(indexes);
    else this.arrange();
  }

  /** The board has another width. */
  resized(width) {
    this.columns.resized(width);
    this.redraw();
  }

  /** Rows may have another height. */
  redraw() {
    this.refill();
    this.draw();
  }

  /** Nothing moves under the pointer or the focus: the order is put right when they have gone. */
  get isBusy() {
    if (!this.order.fits && !this.order.column) return false;
    return this.body.matches(":hover") || this.body.contains(focused(this.body));
  }

  append(indexes) {
    this.order.append(indexes);
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
    this.order.arrange(this.now);
    this.refill();
    this.draw();
  }

  filter(fits) {
    this.order.fits = fits;
    this.scroller.scrollTop = 0;
    this.arrange();
  }

  sort(name) {
    this.order.turn(name);
    this.columns.showOrder(this.order.column, this.order.direction);
    this.arrange();
  }

  // Heights: a folded row has that of its style, what is unfolded is measured.

  refill() {
    const style = getComputedStyle(this.table).getPropertyValue("--jw-job");
    this.rowHeight = Number.parseFloat(style) || ROW;
    this.heights.cut(0);
    for (const index of this.order.indexes) {
      this.heights.push(this.rowHeight + (this.open.get(index) ?? 0));
    }
  }

  /** What is in sight stays there, whatever goes on above it. */
  measure() {
    let above = 0;
    for (const [index, known] of this.open) {
      const height = this.rows.get(index)?.detail?.offsetHeight;
      if (!height || height === known) continue;
      this.open.set(index, height);
      const position = this.order.positionOf(index);
      if (position < 0) continue;
      const end = this.heights.before(position + 1);
      if (known && end <= this.scroller.scrollTop) above += height - known;
      this.heights.set(position, this.rowHeight + height);
    }
    if (above) this.scroller.scrollTop += above;
  }

  // Drawing.

  draw() {
    const now = this.now;
    const { order, columns, selection } = this;
    const nodes = [];
    const drawn = new Set();
    let end = 0; // of what is drawn so far
    for (const position of [...this.inSight(), order.length]) {
      const skipped = this.heights.before(position) - this.heights.before(end);
      if (skipped) nodes.push(this.drawn.gap(nodes.length, skipped, columns.count));
      if (position === order.length) break;
      const index = order.indexes[position];
      const row = this.drawn.of(index);
      row.show(order.jobs[index], now);
      row.place(position, columns.count);
      row.mark(selection.indexes.has(index));
      nodes.push(row.row, ...(row.detail ? [row.detail] : []));
      drawn.add(index);
      end = position + 1;
    }
    this.drawn.settle(nodes, drawn);
    put(this.table, "aria-rowcount", order.length + 1);
    this.picker.markHead();
    this.measure();
    this.keys.keepTabStop();
  }

  /** The positions to draw: those in sight, those that are unfolded, and that with the focus. */
  inSight() {
    const { scrollTop, clientHeight } = this.scroller;
    const from = Math.max(0, scrollTop - this.table.tHead.offsetHeight);
    const first = Math.max(0, this.heights.at(from) - ROWS_AROUND);
    const last = this.heights.at(from + (clientHeight || UNSEEN)) + ROWS_AROUND;
    const positions = new Set();
    for (const index of [...this.open.keys(), this.keys.activeIndex()]) {
      const position = this.order.positionOf(index);
      if (position >= 0) positions.add(position);
    }
    for (let i = first; i <= Math.min(last, this.order.length - 1); i++) positions.add(i);
    return [...positions].sort((a, b) => a - b);
  }

  tick() {
    const now = this.now;
    for (const row of this.rows.values()) row.tick(now);
  }

  // Where the reader is.

  /** How many rows a page is. */
  get page() {
    return Math.max(1, Math.floor(this.scroller.clientHeight / this.rowHeight) - 2);
  }

  firstInSight() {
    const position = this.heights.at(this.scroller.scrollTop + this.rowHeight - 1);
    const { indexes } = this.order;
    return indexes.slice(position).find((index) => this.rows.has(index)) ?? indexes[0];
  }

  show(position) {
    const top = this.heights.before(position);
    const { scrollTop, clientHeight } = this.scroller;
    const least = top + this.rowHeight + this.table.tHead.offsetHeight - clientHeight;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (least > scrollTop) this.scroller.scrollTop = least;
    this.draw();
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
      if (this.goneAt) row.content.messages.gone(true);
    }
    this.refill();
    this.draw();
  }

  take(index, update, arrival) {
    this.rows.get(index)?.take(update, arrival, this.now);
    this.measure();
  }

  askForMissing(ask) {
    for (const index of this.open.keys()) {
      this.rows.get(index).content.messages.askForMissing((gaps) => ask(index, gaps));
    }
  }

  unfolded() {
    return [...this.open.keys()];
  }

  gone(isGone) {
    this.goneAt = isGone ? now() : null;
    for (const index of this.open.keys()) this.rows.get(index).content.messages.gone(isGone);
  }

  remove() {
    this.observer.disconnect();
    this.drawn.remove();
  }
}

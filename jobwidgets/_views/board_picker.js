// Selecting jobs in the table of a board.
//
//   new BoardPicker(table, head)   of a BoardTable; the head's row gets a box for all
//     .pick(index, isRange), .pickAll(isPicked)  select jobs of those that are shown, or not
//     .pickRange(index, from)      all from where the range begins; at `from` where it has not begun
//     .changed()                   the reader has chosen
//     .mark(), .markHead()         show what is selected

import { element, put } from "./parts.js";

export class BoardPicker {
  constructor(table, head) {
    this.table = table;
    const cell = element("th", "pick", head);
    cell.setAttribute("role", "columnheader");
    this.box = element("input", "", cell);
    this.box.type = "checkbox";
    put(this.box, "aria-label", "select all that are shown");
    this.box.addEventListener("click", () => this.pickAll(this.box.checked));
  }

  get selection() {
    return this.table.selection;
  }

  pick(index, isRange) {
    if (isRange) return this.pickRange(index, index);
    this.selection.toggle(index);
    this.changed();
  }

  pickRange(index, from) {
    const { order } = this.table;
    const { selection } = this;
    if (order.positionOf(selection.anchor) < 0) selection.anchor = from;
    const ends = [selection.anchor, index].map((one) => order.positionOf(one));
    selection.extend(order.indexes.slice(Math.min(...ends), Math.max(...ends) + 1));
    this.changed();
  }

  /** Those that a filter hides stay as they are. */
  pickAll(isPicked) {
    const shown = new Set(this.table.order.indexes);
    const others = [...this.selection.indexes].filter((index) => !shown.has(index));
    this.selection.set(isPicked ? [...others, ...shown] : others);
    this.changed();
  }

  changed() {
    this.mark();
    this.table.events.picked();
  }

  mark() {
    for (const [index, row] of this.table.rows) row.mark(this.selection.indexes.has(index));
    this.markHead();
  }

  markHead() {
    const { indexes } = this.selection;
    const shown = this.table.order.indexes;
    const some = indexes.size > 0 && shown.some((index) => indexes.has(index));
    const all = some && shown.every((index) => indexes.has(index));
    this.box.checked = all;
    this.box.indeterminate = some && !all;
  }
}

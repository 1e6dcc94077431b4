// The keyboard in the table of a board: Tab comes to one row, the arrows go from row to row.
//
//   new BoardKeys(table)   of a BoardTable
//     .activeIndex()       the index of the row with the focus; null for none
//     .keepTabStop()       after rows have come or gone

import { keyHandler } from "./keys.js";
import { focused, put } from "./parts.js";

export class BoardKeys {
  constructor(table) {
    this.table = table;
    this.focused = null; // the index of the row that Tab comes to
    keyHandler(table.body, (event, target) => this.onKey(event, target));
    table.body.addEventListener("focusin", (event) => this.onFocus(event));
  }

  activeIndex() {
    const { body } = this.table;
    const active = focused(body);
    if (!body.contains(active)) return null;
    return active.closest(".jobwidgets-row, .jobwidgets-detail").index;
  }

  onFocus(event) {
    if (event.target.matches(".jobwidgets-fold")) this.focused = this.activeIndex();
    this.keepTabStop();
  }

  keepTabStop() {
    const { rows } = this.table;
    const stop = rows.has(this.focused) ? this.focused : this.table.firstInSight();
    for (const [index, row] of rows) put(row.button, "tabindex", index === stop ? 0 : -1);
  }

  onKey(event, target) {
    if (!target.matches(".jobwidgets-fold")) return;
    const { order, page } = this.table;
    const steps = {
      ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const wanted = order.positionOf(this.activeIndex()) + step;
    const position = Math.min(Math.max(wanted, 0), order.length - 1);
    this.table.show(position);
    this.table.rows.get(order.indexes[position])?.button.focus({ preventScroll: true });
  }
}

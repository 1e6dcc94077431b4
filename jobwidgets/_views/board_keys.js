// The keyboard in the table of a board: Tab comes to the box and the button of one row, the arrows
// go from row to row, with Shift they select, Enter unfolds from the box too, Ctrl+A selects all.
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
    if (isOfRow(event.target)) this.focused = this.activeIndex();
    this.keepTabStop();
  }

  keepTabStop() {
    const { rows } = this.table;
    const stop = rows.has(this.focused) ? this.focused : this.table.firstInSight();
    for (const [index, row] of rows) {
      for (const part of [row.box, row.button]) put(part, "tabindex", index === stop ? 0 : -1);
    }
  }

  onKey(event, target) {
    if (!isOfRow(target)) return;
    const { table } = this;
    const step = this.step(event.key);
    const isAll = event.key.toLowerCase() === "a";
    const isEnter = event.key === "Enter" && target.type === "checkbox";
    if (step === undefined && !isAll && !isEnter) return;
    event.preventDefault();
    if (isAll) table.picker.pickAll(true);
    else if (isEnter) table.toggle(table.rows.get(this.activeIndex()));
    else this.go(step, target, event.shiftKey);
  }

  step(key) {
    const { page } = this.table;
    const steps = {
      ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity,
    };
    return steps[key];
  }

  go(step, target, isRange) {
    const { order } = this.table;
    const from = this.activeIndex();
    const wanted = order.positionOf(from) + step;
    const position = Math.min(Math.max(wanted, 0), order.length - 1);
    const index = order.indexes[position];
    if (isRange) this.table.picker.pickRange(index, from);
    this.table.show(position);
    const row = this.table.rows.get(index);
    (target.type === "checkbox" ? row?.box : row?.button)?.focus({ preventScroll: true });
  }
}

function isOfRow(node) {
  return node.matches(".jobwidgets-fold, .jobwidgets-pick > input");
}

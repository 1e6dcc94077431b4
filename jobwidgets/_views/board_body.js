// The rows of a board that are in the page, and gaps of the height of those that are not.
//
//   new BoardBody(table, events)   events of a JobRow
//     .root, .rows                 the tbody; index -> JobRow
//     .of(index)                   a row, made if it is not there
//     .gap(place, height, columns) → a node
//     .settle(nodes, drawn)        put nodes into order, and drop folded rows that are not drawn

import { JobRow } from "./board_row.js";
import { element, focused, put } from "./parts.js";

export class BoardBody {
  constructor(table, events) {
    this.events = events;
    this.rows = new Map();
    this.gaps = new Map();
    this.root = element("tbody", "", table);
    this.root.setAttribute("role", "rowgroup");
  }

  of(index) {
    if (!this.rows.has(index)) this.rows.set(index, new JobRow(index, this.events));
    return this.rows.get(index);
  }

  gap(place, height, columns) {
    if (!this.gaps.has(place)) {
      const row = element("tr", "gap");
      row.setAttribute("aria-hidden", "true");
      element("td", "", row);
      this.gaps.set(place, row);
    }
    const row = this.gaps.get(place);
    put(row.cells[0], "colspan", columns);
    put(row, "style", `height:${height}px`);
    return row;
  }

  settle(nodes, drawn) {
    this.bringIntoOrder(nodes);
    for (const [index, row] of this.rows) {
      if (drawn.has(index) || row.detail) continue;
      row.remove();
      this.rows.delete(index);
    }
  }

  /** What has the focus is not moved, or it would lose it. */
  bringIntoOrder(nodes) {
    const wanted = new Set(nodes);
    for (const node of [...this.root.children]) if (!wanted.has(node)) node.remove();
    let cursor = this.root.firstChild;
    for (const node of nodes) {
      if (node !== cursor && node.contains(focused(this.root))) {
        while (cursor && cursor !== node) {
          const passed = cursor;
          cursor = cursor.nextSibling;
          this.root.append(passed);
        }
      }
      if (node === cursor) cursor = cursor.nextSibling;
      else this.root.insertBefore(node, cursor);
    }
  }

  remove() {
    for (const row of this.rows.values()) row.remove();
  }
}

// The columns of a board: which there are, which of them are shown, and their heads.
//
//   JOB_COLUMNS            [{ name, heading, key(job, now), width, isKept }, …]: a row's cells, in
//                          this order; width in px, none for the last, which takes the rest
//   isNothing(key)         whether a key of a column tells nothing
//   new Columns(table, head, sort)  fills the head's row; sort(name) when the reader wants an order
//     .note(jobs, now)     these jobs are new or changed
//     .alike(names)        columns of which no job differs, which stand in the caption
//     .choose(name, isWanted), .choices()  [[name, heading, isWanted], …] of what can be chosen
//     .resized(width)      of the table
//     .showOrder(name, direction)
//     .count               how many are shown, that of the boxes among them
//
// The reader's choice is kept in this browser, for all boards.

import { clockSeconds } from "./words.js";
import { element, put } from "./parts.js";

const PICK = 24; // px of the column of the boxes
const LEAST = 120; // px of the last message, below which a column is left out
const LEFT_OUT = ["owner", "kind", "started"]; // where there is too little room, in this order
const STORE = "jobwidgets-columns-unwanted";

export function seconds(job, now) {
  return clockSeconds(job.time, (now - job.arrival) / 1000);
}

export const JOB_COLUMNS = [
  { name: "state", heading: "status", key: (job) => job.rank, width: 160, isKept: true },
  { name: "kind", heading: "kind", key: (job) => job.kind, width: 108 },
  { name: "job", heading: "job", key: (job) => job.id, width: 120, isKept: true },
  { name: "part", heading: "progress", key: (job) => job.progress, width: 132 },
  { name: "started", heading: "started", key: (job) => job.started_at, width: 96 },
  { name: "time", heading: "time", key: seconds, width: 84 },
  { name: "owner", heading: "owner", key: (job) => job.owner, width: 80 },
  { name: "trouble", heading: "contact", key: (job) => job.trouble, width: 100 },
  { name: "last", heading: "last message", key: (job) => job.preview },
];

export const isNothing = (key) => key === null || key === "";

function stored() {
  try {
    const names = JSON.parse(localStorage.getItem(STORE) ?? "[]");
    return new Set(Array.isArray(names) ? names : []);
  } catch {
    return new Set(); // a page without a place to keep it, or something else in that place
  }
}

function store(names) {
  try {
    localStorage.setItem(STORE, JSON.stringify([...names]));
    return true;
  } catch {
    return false; // it holds as long as this page is open
  }
}

export class Columns {
  constructor(table, head, sort) {
    this.table = table;
    this.used = new Set(JOB_COLUMNS.filter(({ isKept }) => isKept).map(({ name }) => name));
    this.same = new Set();
    this.unwanted = stored();
    this.isStored = true;
    this.width = Infinity;
    this.count = JOB_COLUMNS.length;
    this.heads = {};
    for (const { name, heading, width } of JOB_COLUMNS) {
      const cell = (this.heads[name] = element("th", name, head));
      cell.scope = "col";
      cell.setAttribute("role", "columnheader");
      if (width) cell.style.width = `${width}px`;
      const sorter = element("button", "sorter", cell, heading);
      sorter.type = "button";
      sorter.addEventListener("click", () => sort(name));
    }
    this.show();
  }

  /** Columns that are empty for all jobs are not shown. */
  note(jobs, now) {
    const unused = JOB_COLUMNS.filter(({ name }) => !this.used.has(name));
    const found = unused.filter(({ key }) => jobs.some((job) => !isNothing(key(job, now))));
    if (!found.length) return;
    for (const { name } of found) this.used.add(name);
    this.show();
  }

  alike(names) {
    if (String(names) === String([...this.same])) return;
    this.same = new Set(names);
    this.show();
  }

  choices() {
    const all = JOB_COLUMNS.filter(({ name, isKept }) => !isKept && this.tells(name));
    return all.map(({ name, heading }) => [name, heading, !this.unwanted.has(name)]);
  }

  choose(name, isWanted) {
    if (this.isStored) this.unwanted = stored(); // another board may have changed it
    if (isWanted) this.unwanted.delete(name);
    else this.unwanted.add(name);
    this.isStored = store(this.unwanted);
    this.show();
  }

  resized(width) {
    this.width = width;
    this.show();
  }

  tells(name) {
    return this.used.has(name) && !this.same.has(name);
  }

  show() {
    const isShown = ({ name, isKept }) => isKept || (this.tells(name) && !this.unwanted.has(name));
    const shown = new Set(JOB_COLUMNS.filter(isShown).map(({ name }) => name));
    for (const name of LEFT_OUT) if (this.needed(shown) > this.width) shown.delete(name);
    const without = JOB_COLUMNS.filter(({ name }) => !shown.has(name)).map(({ name }) => name);
    put(this.table, "data-without", without.join(" "));
    this.measure();
  }

  needed(shown) {
    const widths = JOB_COLUMNS.map(({ name, width }) => (shown.has(name) ? (width ?? LEAST) : 0));
    return widths.reduce((sum, width) => sum + width, PICK);
  }

  /** What spans the table spans as many as are shown: more would make columns of its own. */
  measure() {
    const cells = [...this.table.tHead.rows[0].cells];
    this.count = cells.filter((cell) => getComputedStyle(cell).display !== "none").length;
  }

  showOrder(name, direction) {
    const word = direction === 1 ? "ascending" : "descending";
    for (const [one, head] of Object.entries(this.heads)) {
      put(head, "aria-sort", one === name ? word : null);
    }
  }
}

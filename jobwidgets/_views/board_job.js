// What a board shows of one job, and the order of many.
//
//   jobOf(fields, values, arrival)  a job (JobValues of _widgets/board_values.py) by names, and
//                              when it came, by now() (monotonic.js)
//   new JobOrder()
//     .jobs                    what is known of each job, by index; a hole where nothing is
//     .indexes, .length        those that are shown, in their order
//     .fits                    shows the jobs for which it is true; null for all
//     .column, .direction, .turn(name)  sorts up, down, and as it was given
//     .arrange(now), .append(indexes)   anew; or new ones at the end, whatever the order
//     .positionOf(index)       its place among those that are shown; -1 for none

import { isNothing, JOB_COLUMNS } from "./board_columns.js";

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export function jobOf(fields, values, arrival) {
  return { arrival, ...Object.fromEntries(fields.map((name, i) => [name, values[i]])) };
}

export class JobOrder {
  constructor() {
    this.jobs = [];
    this.indexes = [];
    this.fits = null;
    this.column = null;
    this.direction = 1;
  }

  get length() {
    return this.indexes.length;
  }

  positionOf(index) {
    return this.indexes.indexOf(index);
  }

  turn(name) {
    if (this.column !== name) [this.column, this.direction] = [name, 1];
    else if (this.direction === 1) this.direction = -1;
    else this.column = null;
  }

  arrange(now) {
    const { jobs, fits, column } = this;
    const indexes = [];
    jobs.forEach((job, index) => {
      if (!fits || fits(job)) indexes.push(index);
    });
    this.indexes = column ? this.sorted(indexes, now) : indexes;
  }

  append(indexes) {
    const known = new Set(this.indexes);
    const isFresh = (index) => !known.has(index) && (!this.fits || this.fits(this.jobs[index]));
    this.indexes.push(...indexes.filter(isFresh));
  }

  /** By the keys of the column; jobs without a value come last either way. */
  sorted(indexes, now) {
    const { key } = JOB_COLUMNS.find(({ name }) => name === this.column);
    const keys = new Map(indexes.map((index) => [index, key(this.jobs[index], now)]));
    return indexes.sort((a, b) => {
      const [x, y] = [keys.get(a), keys.get(b)];
      if (isNothing(x) || isNothing(y)) return isNothing(x) - isNothing(y) || a - b;
      return this.direction * compared(x, y) || a - b;
    });
  }
}

const compared = (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));

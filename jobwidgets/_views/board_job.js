// What a board shows of one job, and the order of many.
//
//   jobOf(fields, values, arrival)  a job (JobValues of _widgets/board_values.py) by names, and
//                              when it came, by now() (monotonic.js)
//   seconds(job, now)          how long it has run by now, or had at its end; null when unknown
//   JOB_COLUMNS                [[name, heading, key(job, now)], …]: a row's cells, in this order
//   isNothing(key)             whether a key of a column tells nothing
//   sorted(indexes, jobs, name, direction, now)  by the keys of a column

import { clockSeconds } from "./words.js";

export const JOB_COLUMNS = [
  ["state", "status", (job) => job.rank],
  ["kind", "kind", (job) => job.kind],
  ["job", "job", (job) => job.id],
  ["part", "progress", (job) => job.progress],
  ["time", "time", seconds],
  ["owner", "owner", (job) => job.owner],
  ["trouble", "contact", (job) => job.trouble],
  ["last", "last message", (job) => job.preview],
];
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export function jobOf(fields, values, arrival) {
  return { arrival, ...Object.fromEntries(fields.map((name, i) => [name, values[i]])) };
}

export function seconds(job, now) {
  return clockSeconds(job.time, (now - job.arrival) / 1000);
}

export const isNothing = (key) => key === null || key === "";

const compared = (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));

/** The order of the jobs by one column; those without a value come last either way. */
export function sorted(indexes, jobs, name, direction, now) {
  const [, , keyOf] = JOB_COLUMNS.find(([one]) => one === name);
  const keys = new Map(indexes.map((index) => [index, keyOf(jobs[index], now)]));
  return [...indexes].sort((a, b) => {
    const [x, y] = [keys.get(a), keys.get(b)];
    if (isNothing(x) || isNothing(y)) return isNothing(x) - isNothing(y) || a - b;
    return direction * compared(x, y) || a - b;
  });
}

// What a board is told of one job, and the order of many.
//
//   jobOf(cells)               what the kernel tells of one job (cells of _widgets/board_updates.py), by name
//   seconds(job, now)          how long it has run by now, or had at its end; null when unknown
//   JOB_COLUMNS                [[name, heading, key(job, now)], …]: a row's cells, in this order
//   isNothing(key)             whether a key of a column tells nothing
//   sorted(indexes, jobs, name, direction, now)  by the keys of a column

const CELLS = [
  "id", "status", "mark", "words", "raw", "kind", "steps", "progress", "owner", "text", "messages",
  "trouble", "reason", "ended", "duration", "elapsed",
];
const RANKS = ["failed", "gone", "unknown", "cancelled", "running", "cancelling", "queued", null, "succeeded"];
export const JOB_COLUMNS = [
  ["state", "status", (job) => RANKS.indexOf(job.status)],
  ["kind", "kind", (job) => job.kind],
  ["job", "job", (job) => job.id],
  ["part", "progress", (job) => job.progress],
  ["time", "time", seconds],
  ["owner", "owner", (job) => job.owner],
  ["trouble", "contact", (job) => job.trouble],
  ["last", "last message", (job) => job.text],
];
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export function jobOf(cells) {
  const job = { heardAt: Date.now() };
  CELLS.forEach((name, i) => (job[name] = cells[i]));
  return job;
}

export function seconds(job, now) {
  if (job.elapsed === null) return null;
  return job.ended ? job.elapsed : job.elapsed + (now - job.heardAt) / 1000;
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

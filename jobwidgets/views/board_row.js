// One row of a board, and what it unfolds to.
//
//   JOB_COLUMNS                    [name, heading, …]: what stands in a row, in this order
//   jobOf(cells)               what the kernel tells of one job (board_state.cells), by name
//   seconds(job, now)          how long it has run by now, or had at its end; null when unknown
//   new Row(index, told)       .row, and .detail while unfolded; told.toggle(row), told.needs(index,
//                              gaps) when messages are to be asked for
//     .show(job, now), .tick(now), .place(position, columns), .unfold(), .fold(), .take(update),
//     .askForMissing(now), .remove()

import { Bar, clock, element, put, say, shortened, StatusMark } from "./parts.js";
import { Messages } from "./messages.js";

const CELLS = [
  "id", "status", "mark", "words", "raw", "kind", "steps", "progress", "owner", "text", "messages",
  "trouble", "reason", "ended", "duration", "elapsed",
];
/** [name, heading, sort key of a job]; null last. */
export const JOB_COLUMNS = [
  ["state", "status"],
  ["kind", "kind"],
  ["job", "job"],
  ["part", "progress"],
  ["time", "time"],
  ["owner", "owner"],
  ["trouble", "contact"],
  ["last", "last message"],
];
const MESSAGES_PATIENCE = 4000; // ms until messages that do not come are asked for again
const NOT_ASKED = new Set(["not watched", "needs a token", "given up"]);

export function jobOf(cells) {
  const job = { heardAt: Date.now() };
  CELLS.forEach((name, i) => (job[name] = cells[i]));
  return job;
}

export function seconds(job, now) {
  if (job.elapsed === null) return null;
  return job.ended ? job.elapsed : job.elapsed + (now - job.heardAt) / 1000;
}

export class Row {
  constructor(index, told) {
    this.index = index;
    this.told = told;
    this.detail = null;
    this.build();
  }

  build() {
    this.row = element("tr", "row");
    this.row.setAttribute("role", "row");
    const cells = {};
    for (const [name] of JOB_COLUMNS) {
      cells[name] = element(name === "state" ? "th" : "td", name, this.row);
      cells[name].setAttribute("role", name === "state" ? "rowheader" : "cell");
    }
    cells.state.scope = "row";
    this.cells = cells;
    this.button = element("button", "fold", cells.state);
    this.button.type = "button";
    this.button.tabIndex = -1;
    this.button.addEventListener("click", () => this.told.toggle(this));
    this.status = new StatusMark(this.button);
    this.bar = new Bar(cells.part);
    this.row.addEventListener("click", (event) => {
      const isSelecting = !document.getSelection().isCollapsed;
      if (!isSelecting && !this.button.contains(event.target)) this.told.toggle(this);
    });
  }

  show(job, now) {
    if (job === this.job) return this.tick(now);
    this.job = job;
    put(this.row, "data-status", job.status ?? "");
    this.status.show(job);
    say(this.cells.kind, job.kind);
    this.tell("job", shortened(job.id), job.id);
    const moves = job.status === "running" && !NOT_ASKED.has(job.trouble);
    this.bar.show({ ...job, steps: job.steps.replace(/ steps$/, "") }, moves);
    this.bar.bar.hidden = job.progress === null && (job.ended || job.status === null);
    this.tell("owner", job.owner ?? "", job.owner ?? "");
    this.tell("trouble", job.trouble, job.reason);
    this.tell("last", job.text, job.text);
    if (this.detail) this.showDetail();
    this.tick(now);
  }

  tell(name, text, title) {
    say(this.cells[name], text);
    put(this.cells[name], "title", title || null);
  }

  tick(now) {
    const running = seconds(this.job, now);
    say(this.cells.time, this.job.duration ?? (running === null ? "" : clock(running)));
  }

  /** Its place among all rows, the head being the first, and how many columns there are. */
  place(position, columns) {
    put(this.row, "aria-rowindex", position + 2);
    if (this.detail) put(this.detail.cells[0], "colspan", columns);
  }

  // What it unfolds to.

  unfold() {
    this.detail = element("tr", "detail");
    this.detail.setAttribute("role", "row");
    const cell = element("td", "", this.detail);
    cell.setAttribute("role", "cell");
    this.facts = element("div", "facts", cell);
    this.messages = new Messages(cell);
    this.asked = 0; // when messages were last asked for, or came
    this.button.setAttribute("aria-expanded", "true");
    this.showDetail();
  }

  showDetail() {
    const { job } = this;
    const facts = [job.id, job.kind, job.owner, [job.trouble, job.reason].filter(Boolean).join(": ")];
    if (!job.messages) facts.push("no messages");
    say(this.facts, facts.filter(Boolean).join(" · "));
  }

  fold() {
    this.messages.remove();
    this.detail.remove();
    this.detail = this.messages = null;
    this.button.setAttribute("aria-expanded", "false");
  }

  take(update) {
    if (!this.messages) return;
    this.messages.take(update);
    if (this.asked) this.asked = Date.now();
    this.askForMissing(Date.now());
  }

  askForMissing(now) {
    const gaps = this.messages?.rows.gaps ?? [];
    if (!gaps.length || now - this.asked < MESSAGES_PATIENCE) return;
    this.asked = now;
    this.told.needs(this.index, gaps);
  }

  remove() {
    if (this.detail) this.fold();
    this.row.remove();
  }
}

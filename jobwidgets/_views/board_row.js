// One row of a board, and what it unfolds to.
//
//   new JobRow(index, events)  .row, and .detail while unfolded; events.toggle(row) when the reader
//                              wants the other, events.pick(row, isRange) to select it or not;
//                              events.isGone() tells whether there is no kernel any more
//     .mark(isSelected)
//     .show(job, now), .tick(now), .place(position, columns), .unfold(), .fold(), .remove()
//     .content                 what it unfolds to: StepsAndMessages; null while folded
//     .take(update, arrival, now)  its part of an update, and when that came

import { Bar, element, put, say, selectionAt, standing, StatusMark } from "./parts.js";
import { JOB_COLUMNS } from "./board_columns.js";
import { StepsAndMessages } from "./steps_and_messages.js";
import { clockText, isOver, moment } from "./words.js";

export class JobRow {
  constructor(index, events) {
    this.index = index;
    this.isGone = events.isGone;
    this.content = this.detail = null;
    this.build(events);
  }

  build(events) {
    this.row = this.line("row");
    this.buildBox(events);
    const cells = (this.cells = {});
    for (const { name } of JOB_COLUMNS) {
      cells[name] = element(name === "state" ? "th" : "td", name, this.row);
      cells[name].setAttribute("role", name === "state" ? "rowheader" : "cell");
    }
    cells.state.scope = "row";
    this.button = element("button", "fold", cells.state);
    this.button.type = "button";
    put(this.button, "aria-expanded", false);
    this.status = new StatusMark(this.button);
    this.bar = new Bar(cells.part);
    this.row.addEventListener("click", (event) => {
      const isButton = this.button.contains(event.target);
      if (event.shiftKey || event.ctrlKey || event.metaKey) events.pick(this, event.shiftKey);
      else if (isButton || selectionAt(this.row).isCollapsed) events.toggle(this);
    });
    this.row.addEventListener("mousedown", (event) => {
      if (event.shiftKey) event.preventDefault(); // it would select text
    });
  }

  /** The box, and all of its cell: it is small. */
  buildBox(events) {
    const cell = element("td", "pick", this.row);
    cell.setAttribute("role", "cell");
    this.box = element("input", "", cell);
    this.box.type = "checkbox";
    cell.addEventListener("click", (event) => {
      event.stopPropagation();
      events.pick(this, event.shiftKey);
    });
  }

  mark(isSelected) {
    this.box.checked = isSelected;
    this.row.toggleAttribute("data-selected", isSelected);
  }

  /** A row that is one for assistive technology however it is laid out. */
  line(className) {
    const row = element("tr", className);
    row.setAttribute("role", "row");
    row.index = this.index; // by which the focus finds it
    return row;
  }

  show(job, now) {
    if (job === this.job) return this.tick(now);
    this.job = job;
    this.isLost = null;
    put(this.box, "aria-label", `select ${job.id}`);
    say(this.cells.kind, job.kind);
    this.fill("job", job.short_id, job.id);
    this.bar.bar.hidden = !job.has_bar;
    put(this.cells.started, "title", job.started_at === null ? null : moment(job.started_at));
    this.fill("owner", job.owner, job.owner);
    this.fill("trouble", job.trouble, job.reason);
    this.fill("last", job.preview, job.preview);
    if (this.detail) this.showFacts();
    this.tick(now);
  }

  showStanding(isLost) {
    const { look, mark, words } = standing(this.job, isLost);
    this.isLost = isLost;
    put(this.row, "data-status", look);
    this.detail?.toggleAttribute("data-lost", isLost);
    this.status.show({ mark, words, status_hint: this.job.status_hint || words });
    this.bar.show(this.job, isLost);
  }

  fill(name, text, title) {
    say(this.cells[name], text);
    put(this.cells[name], "title", title || null);
  }

  tick(now) {
    const { started, time, arrival, lost, last_time: last } = this.job;
    const passed = (now - arrival) / 1000;
    const isOut = isOver(lost, passed);
    const isLost = isOut || (this.isGone() && this.job.last_known !== this.job.words);
    if (isLost !== this.isLost) this.showStanding(isLost);
    say(this.cells.started, clockText(started, passed));
    say(this.cells.time, clockText(isOut ? last : time, passed));
    this.content?.steps.tick(now, isLost);
  }

  /** Its place among all rows, the head being the first, and how many columns there are. */
  place(position, columns) {
    put(this.row, "aria-rowindex", position + 2);
    if (this.detail) put(this.detail.cells[0], "colspan", columns);
  }

  // What it unfolds to.

  unfold() {
    this.detail = this.line("detail");
    this.detail.toggleAttribute("data-lost", this.isLost);
    const cell = element("td", "", this.detail);
    cell.setAttribute("role", "cell");
    this.facts = element("div", "facts", cell);
    this.content = new StepsAndMessages(cell);
    put(this.button, "aria-expanded", true);
    this.showFacts();
  }

  take(update, arrival, now) {
    this.content?.take(update, { arrival, now, isLost: this.isLost });
  }

  showFacts() {
    const { job } = this;
    const trouble = [job.trouble, job.reason].filter(Boolean).join(": ");
    const facts = [job.id, job.kind, job.owner, trouble, job.messages ? "" : "no messages"];
    say(this.facts, facts.filter(Boolean).join(" · "));
  }

  fold() {
    this.content.messages.remove();
    this.detail.remove();
    this.content = this.detail = null;
    put(this.button, "aria-expanded", false);
  }

  remove() {
    if (this.detail) this.fold();
    this.row.remove();
  }
}

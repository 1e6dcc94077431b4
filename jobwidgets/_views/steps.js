// The steps of a job: a line each, with a bar on a common time axis, of which one can be chosen.
//
//   new Steps(parent, chosen)  chosen(step) when the reader chooses one, null when none any more;
//                              a step is { name, messages }, the ranges that it has by then
//   .take(steps, arrival)      the part of an update (_widgets/step_updates.py), or undefined, and
//                              when it came, in ms
//   .isWhole                   whether all rows that there are have come
//   .tick(now, isLost)         the clocks, at `now` in ms; isLost: they stand
//   .choose(row)               choose a row, null for none
//   .failedRow                 the row of the step that failed, null for none that has messages
//   showSegments(bar, states)  draw a Bar (parts.js) in segments, one a step; [] as one again

import { keyHandler } from "./keys.js";
import { element, focused, put, say, selectionAt } from "./parts.js";
import { clock, clockSeconds, clockText, counted, ticks } from "./words.js";

const AT_EDGE = 24; // px that stay free above and below the newest step
const ROOM = 5; // rows that every box has room for, as in board.css
const LOST = "?"; // the mark of what nobody knows any more
const PAGE = 8; // rows that a page key goes on

class StepRow {
  constructor(index) {
    this.root = document.createElement("tr");
    this.root.index = index; // by which a click finds it
    this.step = null;
    const name = element("th", "stepname", this.root);
    name.scope = "row";
    this.button = element("button", "step", name);
    this.button.type = "button";
    this.button.tabIndex = -1;
    this.mark = element("span", "glyph", this.button);
    this.mark.setAttribute("aria-hidden", "true");
    this.name = element("span", "", this.button);
    this.stateName = element("span", "hidden", this.button);
    this.axis = element("td", "axis", this.root);
    const track = element("div", "track", this.axis);
    this.faint = element("i", "span", track);
    this.sure = element("i", "span", track);
    this.took = element("td", "took", this.root);
  }

  show(values, arrival) {
    this.values = values;
    this.arrival = arrival; // its clocks count from here: later updates may leave it out
    const isStep = Array.isArray(values);
    this.state = isStep ? values[1] : "";
    // The same object as before: whoever holds it knows of the messages that have come.
    this.step = isStep ? Object.assign(this.step ?? {}, { name: values[0], messages: values[7] }) : null;
    this.button.hidden = !isStep;
    this.root.toggleAttribute("data-more", !isStep);
    if (!isStep) return say(this.took, `${counted(values)} more`);
    const [name, state, , , , bounds, span, messages] = values;
    put(this.root, "data-state", state);
    say(this.name, name);
    put(this.button, "title", name); // it may be cut
    say(this.stateName, `, ${state}`);
    for (const cell of [this.axis, this.took]) put(cell, "title", bounds || null);
    put(this.button, "aria-disabled", messages.length ? null : true);
    this.place(span);
  }

  place(span) {
    this.faint.hidden = this.sure.hidden = !span;
    if (!span) return;
    const [earliest, begin, end, latest] = span;
    for (const [bar, from, to] of [[this.faint, earliest, latest], [this.sure, begin, end]]) {
      bar.style.setProperty("--from", from);
      if (to === null) bar.style.removeProperty("--to");
      else bar.style.setProperty("--to", to);
    }
  }

  tick(now, isLost) {
    const { values } = this;
    if (!this.step || (values[4] === "" && this.told === values)) return; // nothing goes on in it
    this.told = values;
    const [, , mark, took, lost] = values;
    const isOpen = isLost && lost !== "";
    say(this.mark, isOpen ? LOST : mark);
    const passed = (now - this.arrival) / 1000;
    const parts = took.map((part) => (typeof part === "string" ? part : clockText(part, passed)));
    say(this.took, isOpen ? lost : parts.join(""));
  }

  press(isChosen) {
    this.root.toggleAttribute("data-chosen", isChosen);
    put(this.button, "aria-pressed", isChosen);
  }
}

export class Steps {
  constructor(parent, chosen) {
    this.chosen = chosen;
    this.rows = [];
    this.total = null; // of the rows
    this.axis = null;
    this.row = null; // that is chosen
    this.current = 0; // the row that Tab comes to
    this.isFollowing = true; // until the reader scrolls
    this.build(parent);
  }

  build(parent) {
    this.root = element("div", "stepbox", parent);
    this.root.hidden = true;
    this.table = element("table", "steptable"); // in the page while there are steps
    element("caption", "hidden", this.table, "Steps of the job");
    const head = element("tr", "", element("thead", "", this.table));
    element("th", "stepname", head, "step").scope = "col";
    this.ticks = element("div", "track", element("td", "axis", head));
    element("th", "took", head, "took").scope = "col";
    this.body = element("tbody", "", this.table);
    this.body.addEventListener("click", (event) => this.onClick(event));
    keyHandler(this.body, (event) => this.onKey(event));
    this.root.addEventListener("wheel", () => (this.isFollowing = false), { passive: true });
  }

  // What the kernel tells.

  take(steps, arrival) {
    if (!steps) return;
    const chosen = this.keyOf(this.row);
    while (this.rows.length > steps.total) this.rows.pop().root.remove();
    for (const [index, values] of steps.rows) this.rowAt(index).show(values, arrival);
    this.total = steps.total;
    this.axis = steps.axis;
    this.arrival = arrival;
    this.root.hidden = this.rows.length === 0 || !this.isWhole;
    if (this.root.hidden) this.table.remove();
    else if (!this.table.parentNode) this.root.append(this.table);
    this.table.toggleAttribute("data-untimed", this.axis === null);
    if (chosen !== this.keyOf(this.row)) this.choose(this.find(chosen));
    this.setCurrent(Math.min(this.current, Math.max(this.rows.length - 1, 0)));
    this.length = null; // the axis is drawn anew
    this.follow();
  }

  get isWhole() {
    return this.rows.length === this.total && this.rows.every(({ values }) => values !== undefined);
  }

  rowAt(index) {
    while (this.rows.length <= index) {
      this.rows.push(new StepRow(this.rows.length));
      this.body.append(this.rows.at(-1).root);
    }
    return this.rows[index];
  }

  /** What makes two the same step, however many messages it has by now. */
  keyOf(row) {
    const step = this.rows[row]?.step;
    return step ? `${step.messages[0]?.[0]} ${step.name}` : null;
  }

  find(key) {
    const row = this.rows.findIndex((_, index) => this.keyOf(index) === key);
    return row < 0 ? null : row;
  }

  get failedRow() {
    const row = this.rows.findIndex(({ state, step }) => state === "failed" && step?.messages.length);
    return row < 0 ? null : row;
  }

  // What the reader sees.

  tick(now, isLost) {
    for (const row of this.rows) row.tick(now, isLost);
    const length = clockSeconds(this.axis, (now - this.arrival) / 1000);
    if (length === null || length === this.length || (isLost && this.length !== null)) return;
    this.length = length;
    this.table.style.setProperty("--axis", length);
    this.showTicks(length);
  }

  showTicks(length) {
    const marks = ticks(length);
    while (this.ticks.childElementCount > marks.length) this.ticks.lastChild.remove();
    marks.forEach((mark, index) => {
      const tick = this.ticks.children[index] ?? element("span", "tick", this.ticks);
      say(tick, clock(mark));
      tick.style.insetInlineStart = `${(100 * mark) / length}%`;
    });
  }

  /** Keep the newest step that has begun in sight, without moving the page. */
  follow() {
    const { root } = this;
    if (this.rows.length <= ROOM || !this.isFollowing || root.contains(focused(root))) return;
    const newest = this.rows.findLast(({ step }) => step?.messages.length)?.root;
    if (!newest) return;
    const end = newest.offsetTop + newest.offsetHeight + AT_EDGE;
    if (end > root.scrollTop + root.clientHeight) root.scrollTop = end - root.clientHeight;
  }

  // The choice.

  choose(row) {
    if (row === this.row) return;
    if (this.row !== null) this.rows[this.row]?.press(false);
    this.row = row;
    if (row !== null) {
      this.rows[row].press(true);
      this.setCurrent(row);
    }
    this.chosen(row === null ? null : this.rows[row].step);
  }

  toggle(row) {
    if (this.rows[row].step?.messages.length) this.choose(row === this.row ? null : row);
  }

  onClick(event) {
    const row = event.target.closest("tr")?.index;
    const isButton = event.target.closest("button") !== null;
    if (row !== undefined && (isButton || selectionAt(this.body).isCollapsed)) this.toggle(row);
  }

  onKey(event) {
    const last = this.rows.length - 1;
    const { current } = this;
    const to = {
      ArrowUp: current - 1, ArrowDown: current + 1, Home: 0, End: last,
      PageUp: current - PAGE, PageDown: current + PAGE,
    }[event.key];
    if (to === undefined || event.shiftKey) return;
    event.preventDefault();
    this.isFollowing = false;
    this.setCurrent(Math.min(Math.max(to, 0), last));
    this.rows[this.current].button.focus();
  }

  setCurrent(row) {
    if (this.rows[this.current]) this.rows[this.current].button.tabIndex = -1;
    this.current = row;
    if (this.rows[row]) this.rows[row].button.tabIndex = 0;
  }
}

export function showSegments({ bar }, states) {
  bar.toggleAttribute("data-segments", states.length > 0);
  const drawn = bar.getElementsByClassName("jobwidgets-segment");
  while (drawn.length > states.length) drawn[drawn.length - 1].remove();
  states.forEach((state, index) => {
    put(drawn[index] ?? element("i", "segment", bar), "data-state", state);
  });
}

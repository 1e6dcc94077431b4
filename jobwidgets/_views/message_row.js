// One row of the message table.
//
//   MESSAGE_COLUMNS             [[name, heading], …]
//   seenText(seen, since)       when a message was seen, in words
//   new MessageRow(index, turn) .root, .index; turn(row) when the reader folds or unfolds it
//     .show(shown, isUnfolded)  a row of Rows, or a text in place of one; → whether it was another
//     .fold(isUnfolded)         show all of a long message, or its first lines
//     .isCutOff                 whether it hides a part of its text, and has no button for it yet
//     .offerMore()              give it that button

import { button, element, put, say } from "./parts.js";
import { clock, counted, moment, timeOfDay } from "./words.js";

const SHORT = 80; // letters that fit into a folded message whatever the width
export const MESSAGE_COLUMNS = [
  ["number", "#"], ["seen", "seen"], ["level", "level"], ["code", "code"], ["text", "message"],
];
const SEVERE = [[/error|fatal|critical|fail/i, "error"], [/warn/i, "warning"]];

/** When a message was seen: since the job's start, else by the reader's clock. */
export function seenText(seen, since) {
  if (since === null) return seen === null ? "" : timeOfDay(seen);
  return `+${since < 100 ? `${since.toFixed(1)} s` : clock(since)}`;
}

export class MessageRow {
  constructor(index, turn) {
    this.index = index;
    this.turn = turn;
    this.root = document.createElement("tr");
    this.root.index = index; // by which a selection finds it
    this.cells = {};
    for (const [name] of MESSAGE_COLUMNS) this.cells[name] = element("td", name, this.root);
    this.text = element("div", "body", this.cells.text);
    this.text.dir = "auto";
  }

  show(shown, isUnfolded) {
    if (this.shown === shown) return false;
    this.shown = shown;
    const isHere = typeof shown !== "string";
    const [seen, since, code, level, text] = isHere ? shown : [null, null, null, null, shown];
    const { cells } = this;
    say(cells.number, String(this.index + 1));
    say(cells.seen, seenText(seen, since));
    put(cells.seen, "title", seen === null ? null : moment(seen));
    say(cells.level, level ?? "");
    put(cells.level, "data-level", SEVERE.find(([word]) => word.test(level ?? ""))?.[1] ?? null);
    say(cells.code, code === null ? "" : String(code));
    say(this.text, text);
    this.root.toggleAttribute("data-pending", !isHere);
    this.isLong = text.length > SHORT || text.includes("\n");
    this.length = text.length;
    this.fold(isUnfolded);
    return true;
  }

  get isCutOff() {
    return this.isLong && !this.more && this.text.scrollHeight > this.text.clientHeight + 1;
  }

  offerMore() {
    this.more = button(this.cells.text, "", () => this.turn(this));
    this.sayMore();
  }

  fold(isUnfolded) {
    this.isUnfolded = isUnfolded;
    this.text.classList.toggle("jobwidgets-folded", this.isLong && !isUnfolded);
    if (this.more && !this.isLong) {
      this.more.remove();
      this.more = null;
    }
    if (!this.more && isUnfolded && this.isLong) this.offerMore();
    else if (this.more) this.sayMore();
  }

  sayMore() {
    const all = `show all ${counted(this.length)} characters`;
    say(this.more, this.isUnfolded ? "show less" : all);
    put(this.more, "aria-expanded", this.isUnfolded);
  }
}

// One row of the message table.
//
//   MESSAGE_COLUMNS             [[name, heading], …]
//   new MessageRow(index, turn) .root, .index; turn(row) when the reader folds or unfolds it
//     .show(shown, isUnfolded)  the values of a message (message_values of _widgets/job_values.py),
//                               or a text in place of them; → whether they were others
//     .fold(isUnfolded)         show all of a long message, or its first lines
//     .isCutOff                 whether it hides a part of its text, and has no button for it yet
//     .offerMore()              give it that button

import { button, element, put, say } from "./parts.js";
import { counted, moment } from "./words.js";

const SHORT = 80; // letters that fit into a folded message whatever the width
export const MESSAGE_COLUMNS = [
  ["number", "#"], ["seen", ""], ["level", "level"], ["code", "code"], ["text", "message"],
];

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
    const [time, seen, code, level, severity, isCut, text] = isHere
      ? shown
      : [null, "", "", "", null, false, shown];
    const { cells } = this;
    say(cells.number, String(this.index + 1));
    say(cells.seen, seen);
    put(cells.seen, "title", time === null ? null : moment(time));
    say(cells.level, level);
    put(cells.level, "data-level", severity);
    say(cells.code, code);
    say(this.text, text);
    this.root.toggleAttribute("data-pending", !isHere);
    this.isLong = text.length > SHORT || text.includes("\n");
    this.all = isCut ? "show more" : `show all ${counted(text.length)} characters`;
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
    say(this.more, this.isUnfolded ? "show less" : this.all);
    put(this.more, "aria-expanded", this.isUnfolded);
  }
}

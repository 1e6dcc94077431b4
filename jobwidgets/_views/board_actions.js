// What can be done with the jobs of a board: copy them, and act on those that are selected.
//
//   new BoardActions(tools, root, events)  root takes a focus that would be lost
//     events.copy() → Promise<bool>, .act(name), .clear()
//     .show(selected, count, isFiltered, isGone)  the selected jobs, as far as they are known, and
//                                         how many they are

import { CancelButton } from "./cancel.js";
import { button, element, hide, put, say } from "./parts.js";
import { counted } from "./words.js";

// Each acts on those selected jobs whose `action` is its name (_widgets/board_row.py).
const JOB_ACTIONS = [
  { name: "stop", words: "stop watching" },
  { name: "start", words: "resume" },
  { name: "try", words: "try now" },
];
const TOLD = 2000; // ms for which the copy button says what it did

export class BoardActions {
  constructor(tools, root, events) {
    this.root = root;
    this.events = events;
    const group = element("span", "boardactions", tools);
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "jobs");
    this.count = element("span", "", group);
    this.buttons = JOB_ACTIONS.map(({ name, words }) => [
      name, button(group, words, () => events.act(name)),
    ]);
    this.cancel = new CancelButton(group, root, () => events.act("cancel"));
    this.clear = button(group, "clear", () => events.clear());
    put(this.clear, "aria-label", "clear the selection");
    this.copier = button(group, "copy all", () => this.copy());
  }

  show(selected, count, isFiltered, isGone) {
    this.words = count ? "copy" : isFiltered ? "copy these" : "copy all";
    say(this.count, count ? `${counted(count)} selected` : "");
    for (const [name, made] of this.buttons) {
      const isOf = (job) => job.action === name;
      hide(made, isGone || !selected.some(isOf), this.copier);
    }
    const cancellable = isGone ? 0 : selected.filter((job) => job.can_cancel).length;
    this.cancel.show({ isOffered: cancellable > 0, noun: counted(cancellable, "job") });
    hide(this.clear, !count, this.copier);
    put(this.root, "data-selecting", count ? "" : null);
    if (!this.copied) say(this.copier, this.words);
  }

  async copy() {
    const isDone = await this.events.copy();
    say(this.copier, isDone ? "copied" : "not allowed");
    clearTimeout(this.copied);
    this.copied = setTimeout(() => {
      this.copied = null;
      say(this.copier, this.words);
    }, TOLD);
  }

  remove() {
    clearTimeout(this.copied);
  }
}

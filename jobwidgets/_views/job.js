// The view of one job.

import { Bar, button, element, hide, put, say, standing, StatusMark } from "./parts.js";
import { CancelButton } from "./cancel.js";
import { Messages } from "./messages.js";
import { initialize, View } from "./view.js";
import { clockText, isOver, sentenceText } from "./words.js";

const NARROW = 480; // px
const ACTIONS = { start: "resume", stop: "stop watching", try: "try now" };

class JobView extends View {
  build() {
    const head = element("div", "head", this.root);
    this.status = new StatusMark(head);
    this.kind = element("span", "kind", head);
    this.id = element("span", "id", head);
    const end = element("span", "end", head);
    this.elapsed = element("span", "elapsed", end);
    this.action = button(end, "", () => this.act());
    this.action.hidden = true;
    this.cancel = new CancelButton(end, this.root, () => this.send({ act: "cancel" }));
    this.bar = new Bar(this.root);
    this.line = element("div", "line", this.root);
    this.cancelled = element("div", "cancelled", this.root);
    this.messages = new Messages(this.root);
  }

  onWidth(width) {
    this.root.toggleAttribute("data-narrow", width < NARROW);
  }

  act() {
    if (this.action.hasAttribute("aria-disabled")) return;
    this.send({ act: this.head.action });
    put(this.action, "aria-disabled", true); // until the kernel has answered, and keeps the focus
  }

  // What the kernel tells.

  take(update, isLost) {
    const sight = this.messages.look(); // all is read before anything is written, and laid out once
    if (isLost) this.messages.doubt(); // what is known is shown on, and all of it asked for
    this.noteKept(update.head.kept);
    this.show(update.head);
    this.messages.take(update, sight);
    this.askForMissing();
  }

  askForMissing() {
    if (!this.link.isGone) this.messages.askForMissing((need) => this.send({ need }));
  }

  onGone() {
    super.onGone();
    this.messages.gone(this.link.isGone);
    if (this.head) this.show(this.head);
  }

  // What the reader sees.

  show(head) {
    const { isGone } = this.link;
    this.head = head;
    this.isLost = null; // what follows from it is shown anew
    say(this.kind, head.kind);
    say(this.id, head.short_id);
    put(this.id, "title", head.id);
    this.cancel.show({ isOffered: head.can_cancel && !isGone });
    say(this.cancelled, head.cancelled);
    put(this.action, "aria-disabled", null);
    this.tick();
  }

  /** Out of contact nothing goes on: the shape and the bar are grey, the clock stands. */
  showStanding(isLost) {
    const { head } = this;
    const { look, mark, words } = standing(head, isLost);
    this.isLost = isLost;
    put(this.root, "data-status", look);
    this.status.show({ mark, words, status_hint: head.status_hint });
    this.bar.show(head, isLost);
    hide(this.action, !head.action || this.link.isGone, this.root);
    say(this.action, ACTIONS[head.action] ?? "");
    say(this.live, isLost ? words : head.spoken);
  }

  tick() {
    const { head, passed } = this;
    if (!head) return;
    const isLost = !head.is_over && (this.link.isGone || isOver(head.lost, passed));
    if (isLost !== this.isLost) this.showStanding(isLost);
    const isOut = isLost && !this.link.isGone; // without a kernel all clocks stand
    say(this.elapsed, clockText(isOut ? head.last_time : head.time, passed));
    const sentence = this.placeWords(head.is_over) || sentenceText(head.contact, passed);
    say(this.line, [head.ownership, sentence].filter(Boolean).join(" · "));
  }

  remove() {
    super.remove();
    this.messages.remove();
  }
}

function render({ model, el }) {
  const view = new JobView(model, el, "job");
  return () => view.remove();
}

export default { initialize, render };

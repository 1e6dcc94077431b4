// The view of one job.

import { Bar, button, element, hide, Link, put, say, standing, StatusMark } from "./parts.js";
import { CancelButton } from "./cancel.js";
import { showSegments } from "./steps.js";
import { StepsAndMessages } from "./steps_and_messages.js";
import { initialize, View } from "./view.js";
import { clockText, isOver, sentenceText } from "./words.js";

const NARROW = 480; // px
const NEW_TAB = "opens in a new tab";
const ACTIONS = { start: "resume", stop: "stop watching", try: "try now" };

class JobView extends View {
  build() {
    const head = element("div", "head", this.root);
    this.status = new StatusMark(head);
    this.kind = element("span", "kind", head);
    this.id = new Link(head, "id");
    this.results = new Link(head, "results");
    const end = element("span", "end", head);
    this.elapsed = element("span", "elapsed", end);
    this.action = button(end, "", () => this.act());
    this.action.hidden = true;
    this.cancel = new CancelButton(end, this.root, () => this.send({ act: "cancel" }));
    this.bar = new Bar(this.root);
    this.line = element("div", "line", this.root);
    this.cancelled = element("div", "cancelled", this.root);
    this.content = new StepsAndMessages(this.root);
    this.messages = this.content.messages;
  }

  onWidth(width) {
    this.root.toggleAttribute("data-narrow", width < NARROW);
    this.tick();
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
    const isFirst = !this.head;
    this.show(update.head);
    const { arrival, now } = this;
    this.content.take(update, { arrival, now, isLost: this.isLost, sight });
    const lacksSteps = isFirst && !this.content.steps.isWhole; // it opens late, by the last update
    if (isLost || lacksSteps) this.send({ need_steps: true });
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
    const idTitle = head.page_url ? `${head.id}: page of the job, ${NEW_TAB}` : head.id;
    this.id.show(head.short_id, head.page_url, idTitle);
    this.results.show(head.results_url ? "results" : "", head.results_url, NEW_TAB);
    this.cancel.show({ isOffered: head.can_cancel && !isGone });
    say(this.cancelled, head.cancelled);
    this.messages.showNote(head.messages_note);
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
    this.root.toggleAttribute("data-lost", isLost);
    this.bar.show({ ...head, is_moving: head.is_moving && !head.segments.length }, isLost);
    showSegments(this.bar, head.segments);
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
    this.content.steps.tick(this.now, isLost);
    this.showLine(head, passed);
  }

  /** What runs now, whose job it is, and the contact; where there is little room the first alone. */
  showLine(head, passed) {
    const place = this.placeWords(head.is_over);
    const running = this.isLost ? "" : sentenceText(head.under_way, passed);
    const isShort = !place && !head.is_troubled && !head.is_over && running !== "";
    const contact = place || sentenceText(head.contact, passed);
    const others = isShort && this.root.hasAttribute("data-narrow") ? [] : [head.ownership, contact];
    this.line.toggleAttribute("data-short", isShort);
    say(this.line, [running, ...others].filter(Boolean).join(" · "));
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

// The view of one job.

import { Bar, button, element, hide, put, say, StatusMark } from "./parts.js";
import { clock, contactWords, shortened } from "./words.js";
import { Messages } from "./messages.js";
import { View } from "./view.js";

const NARROW = 480; // px

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
    this.bar = new Bar(this.root);
    this.line = element("div", "line", this.root);
    this.messages = new Messages(this.root);
  }

  onWidth(width) {
    this.root.toggleAttribute("data-narrow", width < NARROW);
  }

  act() {
    if (this.action.hasAttribute("aria-disabled")) return;
    this.tell({ act: this.watches ? "stop" : "start" });
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
    if (!this.link.isGone) this.messages.askForMissing((need) => this.tell({ need }));
  }

  onGone() {
    super.onGone();
    this.goneAt = this.link.isGone ? Date.now() : null;
    this.messages.gone(this.link.isGone);
    if (this.head) this.show(this.head, this.heardAt);
  }

  // What the reader sees.

  show(head, heardAt = Date.now()) {
    const { isGone } = this.link;
    const isLastKnown = isGone && !head.ended;
    this.head = head;
    this.heardAt = heardAt;
    this.watches = !["stopped", "lost"].includes(head.contact.state);
    const words = isLastKnown ? `${head.words} (last known)` : head.words;
    put(this.root, "data-status", isLastKnown ? "" : (head.status ?? ""));
    this.status.show({ ...head, words });
    say(this.kind, head.kind ?? "");
    say(this.id, shortened(head.id));
    put(this.id, "title", head.id);
    this.bar.show(head, this.watches && !isGone && head.contact.state !== "unauthorised");
    hide(this.action, head.ended || isGone, this.root);
    put(this.action, "aria-disabled", null);
    say(this.action, this.watches ? "stop watching" : "resume");
    say(this.live, [words, head.steps].filter(Boolean).join(", "));
    this.tick();
  }

  tick() {
    const { head } = this;
    if (!head) return;
    const now = this.goneAt ?? Date.now();
    const running = head.elapsed === null ? "" : clock(head.elapsed + (now - this.heardAt) / 1000);
    say(this.elapsed, head.duration ?? running);
    const sentence = this.placeWords(head.ended) || contactWords(head, now);
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

export default { render };

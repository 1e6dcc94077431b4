// The view of one job.

import {
  Bar, button, contactWords, clock, element, keepKeys, KernelLink, put, say, shortened,
  StatusMark, viewRoot,
} from "./parts.js";
import { Messages } from "./messages.js";

const TICK = 1000; // ms between two turns of the clocks
const PATIENCE = 4000; // ms until rows that do not come are asked for again
const UNREACHED = 3000; // ms after the outputs were kept: a view that is still there is in none
const NARROW = 480; // px
const KERNEL_GONE = "The kernel is gone: this is what was last known.";
const AGAIN = "To keep this in the saved notebook, run this cell again.";
const NESTED = "Inside another widget this is not saved with the notebook: show it by itself.";

class JobView {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.number = null;
    this.asked = 0; // when rows were last asked for, or came
    const name = crypto.randomUUID?.() ?? String(Math.random());
    this.link = new KernelLink(model, name, () => this.onGone());
    this.root = viewRoot("job");
    this.build();
    el.replaceChildren(this.root);
    this.listen();
    this.tell({});
    this.receive();
  }

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
    this.live = element("div", "hidden", this.root);
    this.live.setAttribute("role", "status");
  }

  listen() {
    this.onUpdate = () => this.receive();
    this.model.on("change:_update", this.onUpdate);
    this.onUse = () => {
      const inUse = this.root.contains(document.activeElement) || this.hasSelection();
      if (inUse === Boolean(this.inUse)) return;
      this.inUse = inUse;
      this.tell({});
    };
    for (const event of ["focusin", "focusout"]) {
      this.root.addEventListener(event, () => setTimeout(this.onUse));
    }
    document.addEventListener("selectionchange", this.onUse);
    this.endKeys = keepKeys(this.root);
    this.observer = new ResizeObserver(() => {
      const { clientWidth } = this.root;
      if (clientWidth) this.root.toggleAttribute("data-narrow", clientWidth < NARROW);
    });
    this.observer.observe(this.root);
    this.timer = setInterval(() => {
      this.link.look();
      this.tick();
      this.askForMissing();
    }, TICK);
  }

  hasSelection() {
    const selection = document.getSelection();
    return Boolean(selection && !selection.isCollapsed && this.root.contains(selection.anchorNode));
  }

  tell(content) {
    this.link.send({ in_use: Boolean(this.inUse), ...content });
  }

  act() {
    this.tell({ act: this.watches ? "stop" : "start" });
    this.action.disabled = true; // until the kernel has answered
  }

  // What the kernel tells.

  receive() {
    const update = this.model.get("_update");
    if (!update?.head || update.n === this.number) return;
    if (this.number !== null && update.n !== this.number + 1) this.doubt();
    this.number = update.n;
    this.show(update.head); // before the messages, which have to lay out what has changed
    this.messages.take(update);
    const isOlder = ([from, rows]) => from + rows.length < update.total;
    if (update.parts.some(isOlder)) this.asked = Date.now();
    this.askForMissing();
  }

  /** An update was lost: what is known is shown on, and all of it asked for. */
  doubt() {
    this.messages.rows.doubt();
    this.asked = 0;
  }

  askForMissing() {
    const { gaps } = this.messages.rows;
    if (!gaps.length || this.link.isGone || Date.now() - this.asked < PATIENCE) return;
    this.asked = Date.now();
    this.tell({ need: gaps });
  }

  onGone() {
    this.root.toggleAttribute("data-gone", this.link.isGone);
    this.goneAt = this.link.isGone ? Date.now() : null;
    if (this.link.isGone) this.messages.close();
    else this.messages.open();
    this.asked = 0;
    if (this.head) this.show(this.head, this.heardAt);
  }

  // What the reader sees.

  show(head, heardAt = Date.now()) {
    const { isGone } = this.link;
    this.head = head;
    this.heardAt = heardAt;
    if (!head.kept) this.keptAt = null;
    else this.keptAt ??= Date.now();
    this.watches = !["stopped", "lost"].includes(head.contact.state);
    const words = isGone && !head.ended ? `${head.words} (last known)` : head.words;
    put(this.root, "data-status", isGone && !head.ended ? "" : (head.status ?? ""));
    this.status.show({ ...head, words });
    say(this.kind, head.kind ?? "");
    say(this.id, shortened(head.id));
    put(this.id, "title", head.id);
    this.bar.show(head, this.watches && !isGone && head.contact.state !== "unauthorised");
    this.action.hidden = head.ended || isGone;
    this.action.disabled = false;
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
    say(this.line, [head.ownership, this.sentence(head, now)].filter(Boolean).join(" · "));
  }

  sentence(head, now) {
    if (this.link.isGone && !head.ended) return KERNEL_GONE;
    const isUnreached = this.keptAt !== null && Date.now() - this.keptAt > UNREACHED;
    if (!isUnreached || !this.isInNotebook()) return contactWords(head, now);
    return this.root.closest(".widget-container, .widget-box") ? NESTED : AGAIN;
  }

  /** Voila's pages look like notebooks, but nobody saves them. */
  isInNotebook() {
    return Boolean(this.root.closest(".jp-Notebook")) && !document.body.dataset.voila;
  }

  remove() {
    clearInterval(this.timer);
    document.removeEventListener("selectionchange", this.onUse);
    this.model.off("change:_update", this.onUpdate);
    this.endKeys();
    this.observer.disconnect();
    this.messages.remove();
    this.link.remove();
    if (!this.link.isGone) this.tell({ open: false });
  }
}

function render({ model, el }) {
  const view = new JobView(model, el);
  return () => view.remove();
}

export default { render };

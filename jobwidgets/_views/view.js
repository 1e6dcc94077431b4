// What the views of all widgets have in common: a root, updates, clocks, and the kernel.
//
//   class extends View, which calls: .build() once, .take(update, isLost) for each new update,
//   .tick() every second, .askForMissing() too, .onWidth(px), .onGone() when a kernel goes or comes
//     .root, .link, .live        its element, the KernelLink, the live region
//     .send(request)             send to the kernel
//     .now                       by which the clocks go, in ms; stands without a kernel
//     .passed                    seconds since the newest update came, by then
//     .noteKept(isKept)          whether all outputs have got their last form
//     .placeWords(isOver)        what is to be said of where the view stands; "" for nothing
//   initialize({ model })        to be exported with render: notes when updates come
//
// A view's root has data-status="…" from the head, which sets its colour --jw-status (look.css);
// data-gone where the kernel is gone, data-narrow where it is narrow.

import { isExported, KernelLink } from "./kernel.js";
import { keepKeys } from "./keys.js";
import { now } from "./monotonic.js";
import { element, focused, liveRegion, selectionAt } from "./parts.js";

const TICK = 1000; // ms between two turns of the clocks
const UNREACHED = 3000; // ms after the outputs were kept: a view that is still there is in none
const KERNEL_GONE = "The kernel is gone: this is what was last known.";
const AGAIN = "To keep this in the saved notebook, run this cell again.";
const NESTED = "Inside another widget this is not saved with the notebook: show it by itself.";

/** An exported page has but the newest update, and one that needs no other. */
function newest(model) {
  return (isExported && model.get("_whole")) || model.get("_update");
}

const arrivals = new WeakMap(); // update -> when it came to the page, by now()

function arrivalOf(update) {
  if (!arrivals.has(update)) arrivals.set(update, now());
  return arrivals.get(update);
}

/** A view may open long after the update that it shows first: its clocks count from then. */
export function initialize({ model }) {
  const note = () => {
    const update = newest(model);
    if (update) arrivalOf(update);
  };
  note();
  model.on("change:_update", note);
}

export class View {
  constructor(model, el, kind) {
    this.model = model;
    this.number = null; // of the last update
    this.arrival = now(); // of that update
    this.goneAt = null; // when the kernel went, by the same clock
    this.keptAt = null;
    this.inUse = false;
    const name = crypto.randomUUID?.() ?? String(Math.random());
    this.link = new KernelLink(model, name, () => this.onGone());
    this.root = element("div", kind);
    this.root.classList.add("jobwidgets", "jobwidgets-view");
    this.root.tabIndex = -1; // takes the focus of what is hidden
    this.build();
    this.live = liveRegion(this.root);
    el.replaceChildren(this.root);
    this.listen();
    this.send({});
    this.receive();
  }

  listen() {
    this.onUpdate = () => this.receive();
    this.model.on("change:_update", this.onUpdate);
    this.onUse = () => this.noteUse();
    for (const event of ["focusin", "focusout"]) {
      this.root.addEventListener(event, () => setTimeout(this.onUse));
    }
    document.addEventListener("selectionchange", this.onUse);
    this.endKeys = keepKeys(this.root);
    this.observer = new ResizeObserver(() => {
      if (this.root.clientWidth) this.onWidth(this.root.clientWidth);
    });
    this.observer.observe(this.root);
    this.timer = setInterval(() => {
      this.link.look();
      this.tick();
      this.askForMissing();
    }, TICK);
  }

  /** The kernel waits with the last form of the output while the reader is in it. */
  noteUse() {
    const selection = selectionAt(this.root);
    const selects = !selection.isCollapsed && this.root.contains(selection.anchorNode);
    const inUse = selects || this.root.contains(focused(this.root));
    if (inUse === this.inUse) return;
    this.inUse = inUse;
    this.send({});
  }

  send(request) {
    this.link.send({ in_use: this.inUse, ...request });
  }

  receive() {
    const update = newest(this.model);
    if (update?.n === undefined || update.n === this.number) return;
    const isLost = this.number !== null && update.n !== this.number + 1;
    this.number = update.n;
    this.arrival = arrivalOf(update);
    this.take(update, isLost);
  }

  get now() {
    return this.goneAt ?? now();
  }

  get passed() {
    return (this.now - this.arrival) / 1000;
  }

  onGone() {
    this.root.toggleAttribute("data-gone", this.link.isGone);
    this.goneAt = this.link.isGone ? now() : null;
  }

  noteKept(isKept) {
    if (!isKept) this.keptAt = null;
    else this.keptAt ??= now();
  }

  placeWords(isOver) {
    if (this.link.isGone && !isOver) return KERNEL_GONE;
    const isUnreached = this.keptAt !== null && now() - this.keptAt > UNREACHED;
    if (!isUnreached || !this.isInNotebook()) return "";
    return this.root.closest(".widget-container, .widget-box, .widget-output") ? NESTED : AGAIN;
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
    this.link.remove();
    if (!this.link.isGone) this.send({ open: false });
  }
}

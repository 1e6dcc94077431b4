// The table of messages, rows of any height, of which only those in sight are in the page.
//
// Their heights are guessed until they are measured. The first row in sight is the anchor: when
// heights change it stays where it is, unless the newest row is followed.

import { Heights } from "./heights.js";
import { MESSAGE_COLUMNS, MessageRow } from "./message_row.js";
import { element, focused, put, say, selectionAt } from "./parts.js";

const AT_END = 8; // px from the end that still count as reading the newest
const OVERSCAN = 120; // px drawn above and below what is in sight
const LINE = 20; // px, as in look.css
const AROUND = 5; // px of padding and border of a row, as in messages.css
const LETTER = 6.5; // px of an average letter
const FOLDED = 5; // lines of a folded message, as in messages.css
const STEP = 40; // px that an arrow scrolls, as in browsers
const HIGHEST = 320; // px of the box, as in messages.css; it may be lower where there is less room
const MOST_HELD = 3000; // rows kept in the page because a selection spans them
const ROUNDS = 4; // measurements of one drawing at most

export class MessageTable {
  /** `scrolled()` is called when the reader has scrolled. */
  constructor(parent, known, scrolled) {
    this.known = known; // KnownMessages
    this.scrolled = scrolled;
    this.positions = null; // the indexes that a filter lets through; null for all
    this.heights = new Heights();
    this.measured = new Map(); // index -> px
    this.drawn = new Map(); // index -> MessageRow
    this.fresh = new Set(); // rows whose height is not known
    this.unfolded = new Set(); // indexes
    this.follows = true;
    this.top = 0;
    this.anchor = { index: 0, within: 0 }; // the first row in sight, and how much of it is not
    this.perLine = 80; // letters of a line, a guess
    this.widest = { number: 3, code: 0, level: 0 }; // letters
    this.pending = "not here yet";
    this.build(parent);
  }

  build(parent) {
    this.scroller = element("div", "scroller", parent);
    this.scroller.tabIndex = 0;
    this.scroller.setAttribute("role", "group"); // no landmark: there may be dozens in a page
    this.scroller.setAttribute("aria-label", "messages");
    this.space = element("div", "space", this.scroller);
    const table = (this.table = element("table", "table", this.space));
    element("caption", "hidden", table, "Messages of the job");
    const head = element("tr", "", element("thead", "", table));
    head.setAttribute("aria-rowindex", "1");
    this.heads = {};
    for (const [kind, name] of MESSAGE_COLUMNS) {
      this.heads[kind] = element("th", kind, head, name);
      this.heads[kind].scope = "col";
    }
    this.body = element("tbody", "", table);
    this.scroller.addEventListener("scroll", () => this.onScroll());
    this.observer = new ResizeObserver(() => this.onResize());
    this.observer.observe(this.scroller);
    this.showColumns();
  }

  nameTimes(name) {
    say(this.heads.seen, name);
  }

  remove() {
    this.observer.disconnect();
  }

  // Which rows there are.

  get length() {
    return this.positions ? this.positions.length : this.known.total;
  }

  indexAt(position) {
    return this.positions ? this.positions[position] : position;
  }

  /** The position of an index, or of the next one that is shown. */
  positionOf(index) {
    if (!this.positions) return Math.min(index, this.length);
    let low = 0;
    let high = this.positions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.positions[middle] < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Messages from `start` on may be others; those of `parts` have come. */
  changed(start, parts, fits, { isMarked, head }) {
    for (const [first, messages] of parts) {
      messages.forEach((values, index) => this.noteMessage(first + index, values));
    }
    this.widest.number = Math.max(this.widest.number, String(this.known.total).length);
    this.showColumns();
    if (isMarked) this.follows = false;
    const position = this.positionOf(start);
    if (this.positions) this.positions.length = position;
    if (fits) this.collect(start, fits);
    this.heights.cut(position);
    for (let i = position; i < this.length; i++) this.heights.push(this.heightOf(this.indexAt(i)));
    this.holdHeight(head);
  }

  /** Let the box be as high as without a filter: nothing below it moves. */
  holdHeight(head) {
    let height = head + 2; // with its borders
    for (let i = 0; i < this.known.total && height < HIGHEST; i++) height += this.heightOf(i);
    const least = this.positions ? `min(${height}px, var(--jw-most-messages))` : "";
    if (this.scroller.style.minHeight !== least) this.scroller.style.minHeight = least;
  }

  noteMessage(index, [, , code, level]) {
    this.measured.delete(index);
    if (code) this.widest.code = Math.max(this.widest.code, code.length, 4);
    if (level) this.widest.level = Math.max(this.widest.level, level.length + 2, 5);
  }

  filter(fits) {
    this.positions = fits ? [] : null;
    if (fits) this.collect(0, fits);
    this.follows = true;
    this.refill();
    this.holdHeight(this.heads.text.offsetHeight);
    this.draw();
  }

  collect(from, fits) {
    for (let index = from; index < this.known.total; index++) {
      if (fits(this.known.at(index), index)) this.positions.push(index);
    }
  }

  refill() {
    this.heights.cut(0);
    for (let i = 0; i < this.length; i++) this.heights.push(this.heightOf(this.indexAt(i)));
  }

  heightOf(index) {
    const known = this.measured.get(index);
    if (known !== undefined) return known;
    const letters = this.known.at(index)?.at(-1).length ?? 0;
    const lines = Math.ceil(letters / this.perLine);
    return Math.max(1, this.unfolded.has(index) ? lines : Math.min(lines, FOLDED)) * LINE + AROUND;
  }

  // What is in sight.

  /**
   * Note where the reader is; return what is to be known of the page. To be called before anything
   * is written to it: what is read afterwards costs a layout.
   */
  look() {
    this.noteTop(); // a scroll that is under way has had no event yet, and must not be undone
    return this.sight();
  }

  sight() {
    const { scroller, heads } = this;
    const isMarked = this.holdsSelection(); // a part of it, by the reader
    return { height: scroller.clientHeight, head: heads.text.offsetHeight, isMarked };
  }

  onScroll() {
    if (!this.noteTop()) return;
    this.draw();
    this.scrolled();
  }

  /** Note where the reader has scrolled to; tell whether that is somewhere else. */
  noteTop() {
    if (!this.scroller.clientHeight) return false;
    const top = this.scroller.scrollTop;
    if (this.isAtEnd(top)) this.follows = true;
    else if (top < this.top - 1) this.follows = false;
    if (Math.abs(top - this.top) < 1) return false;
    this.setTop(top);
    return true;
  }

  setTop(top) {
    this.top = top;
    const position = this.heights.at(top);
    this.anchor = { index: this.indexAt(position) ?? 0, within: top - this.heights.before(position) };
  }

  isAtEnd(top) {
    const { scrollHeight, clientHeight } = this.scroller;
    return scrollHeight - top - clientHeight < AT_END;
  }

  onResize() {
    const { width } = this.heads.text.getBoundingClientRect();
    if (!width) return; // hidden: everything stays as it was
    if (width !== this.width) {
      this.width = width;
      this.perLine = Math.max(10, width / LETTER);
      this.measured.clear();
      for (const row of this.drawn.values()) this.fresh.add(row);
      this.refill();
    }
    this.draw();
  }

  /**
   * Scroll as a key says; tell whether it is one of these. A browser scrolls in small steps, which
   * it gives up as soon as a row on the way turns out to be of another height, and which go on
   * after the next key: one that goes to the end would not arrive there.
   */
  turn(key) {
    const { height, head } = this.sight();
    const page = height - head - LINE;
    const top = {
      Home: 0, PageUp: this.top - page, ArrowUp: this.top - STEP,
      End: Infinity, PageDown: this.top + page, ArrowDown: this.top + STEP,
    }[key];
    if (top === undefined) return false;
    if (key === "End") this.goToEnd();
    else this.scroller.scrollTop = Math.max(0, top);
    this.onScroll();
    this.scrolled();
    return true;
  }

  goToEnd() {
    this.follows = true;
    selectionAt(this.body).removeAllRanges();
    this.draw();
  }

  /** Let this stand in the place of messages that are not here. */
  showPending(text) {
    this.pending = text;
    for (const row of this.drawn.values()) this.fill(row);
    this.draw();
  }

  draw({ height, head, isMarked } = this.sight()) {
    if (!height && this.length) return this.drawUnseen();
    put(this.table, "aria-rowcount", this.length + 1);
    const first = this.positionOf(this.anchor.index);
    for (let round = 0; round < ROUNDS; round++) {
      const all = this.heights.before(this.length);
      const wished = this.follows ? Infinity : this.heights.before(first) + this.anchor.within;
      this.top = Math.max(0, Math.min(wished, all - height + head));
      this.place(...this.range(this.top, height, isMarked));
      if (!this.measure()) break;
    }
    const end = this.follows ? this.scroller.scrollHeight : this.top;
    if (Math.abs(this.scroller.scrollTop - end) >= 1) this.scroller.scrollTop = end;
    this.setTop(this.scroller.scrollTop);
  }

  /** Nothing has a height before the view is on the page: draw the newest, and look again then. */
  drawUnseen() {
    this.place(Math.max(0, this.length - 20), this.length);
  }

  range(top, height, isMarked) {
    let from = this.heights.at(Math.max(0, top - OVERSCAN));
    let to = Math.min(this.length, this.heights.at(top + height + OVERSCAN) + 1);
    const held = isMarked ? this.selected(true) : null;
    if (held && Math.max(to, held[1]) - Math.min(from, held[0]) <= MOST_HELD) {
      from = Math.min(from, held[0]);
      to = Math.max(to, Math.min(held[1], this.length));
    }
    return [from, to];
  }

  /** Let the rows of these positions, and no others, be in the page. */
  place(from, to) {
    const first = from < to ? this.indexAt(from) : Infinity;
    const last = from < to ? this.indexAt(to - 1) : -1;
    for (const [index, row] of this.drawn) {
      const isShown = index >= first && index <= last;
      if (!isShown || (this.positions && this.indexAt(this.positionOf(index)) !== index)) {
        this.drop(index, row);
      }
    }
    let next = this.body.firstChild;
    for (let position = from; position < to; position++) {
      const index = this.indexAt(position);
      const row = this.rowOf(index);
      this.fill(row);
      put(row.root, "aria-rowindex", position + 2);
      if (row.root === next) next = next.nextSibling;
      else this.body.insertBefore(row.root, next);
    }
    const above = this.heights.before(from);
    const below = this.heights.before(this.length) - this.heights.before(to);
    this.space.style.paddingBlock = `${above}px ${below}px`;
  }

  drop(index, row) {
    if (row.root.contains(focused(row.root))) this.scroller.focus({ preventScroll: true });
    this.drawn.delete(index);
    this.fresh.delete(row);
    row.root.remove();
  }

  rowOf(index) {
    if (!this.drawn.has(index)) {
      this.drawn.set(index, new MessageRow(index, (row) => this.refold(row)));
    }
    return this.drawn.get(index);
  }

  fill(row) {
    const { index } = row;
    if (row.show(this.known.at(index) ?? this.pending, this.unfolded.has(index))) this.fresh.add(row);
  }

  refold(row) {
    if (!this.unfolded.delete(row.index)) this.unfolded.add(row.index);
    this.follows = false;
    // A message that is folded from its end comes back into sight.
    if (row.index === this.anchor.index) this.anchor.within = 0;
    row.fold(this.unfolded.has(row.index));
    this.fresh.add(row);
    this.draw();
  }

  /** Measure what is new; tell whether a height was another than thought. */
  measure() {
    const rows = [...this.fresh];
    this.fresh.clear();
    const cut = rows.filter((row) => row.isCutOff); // all are read before any is changed
    cut.forEach((row) => row.offerMore());
    const heights = rows.map((row) => row.root.getBoundingClientRect().height);
    return rows.map((row, i) => this.noteHeight(row.index, heights[i])).includes(true);
  }

  noteHeight(index, height) {
    const position = this.positionOf(index);
    this.measured.set(index, height);
    if (Math.abs(this.heights.get(position) - height) < 0.1) return false;
    this.heights.set(position, height);
    return true;
  }

  /** The columns' widths depend on what stands in them, and only grow. */
  showColumns() {
    const { number, code, level } = this.widest;
    const widths = { number, code: Math.min(code, 12), level: Math.min(level, 12) };
    for (const [kind, letters] of Object.entries(widths)) {
      const style = letters ? `calc(${letters}ch + 3 * var(--jw-gap))` : "";
      if (this.heads[kind].style.width !== style) this.heads[kind].style.width = style;
    }
    put(this.table, "data-without", [code ? "" : "code", level ? "" : "level"].join(" ").trim());
  }

  // The selection.

  holdsSelection() {
    const selection = selectionAt(this.body);
    return !selection.isCollapsed && this.body.contains(selection.anchorNode);
  }

  /** The positions [from, to) of the rows that the selection spans; null for none, or within one. */
  selected(orOne = false) {
    if (!this.holdsSelection()) return null;
    const { anchorNode, focusNode } = selectionAt(this.body);
    const [one, other] = [anchorNode, focusNode].map((node) => {
      const at = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
      return at.closest("tr")?.index;
    });
    if (one === undefined || other === undefined || (one === other && !orOne)) return null;
    const [from, to] = [one, other].sort((a, b) => a - b).map((i) => this.positionOf(i));
    return [from, to + 1];
  }

  everything() {
    return [0, this.length];
  }

  markAll(isAllMarked) {
    if (isAllMarked === Boolean(this.isAllMarked)) return;
    this.isAllMarked = isAllMarked;
    this.table.toggleAttribute("data-all", isAllMarked);
    if (isAllMarked) selectionAt(this.body).selectAllChildren(this.body);
  }
}

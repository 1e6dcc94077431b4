// Which jobs of a board are selected: one selection for all its views, kept by the kernel.
//
//   new Selection(name, send)  name: of the view; send({ select, turn }) when the reader chooses
//     .indexes                 a Set
//     .toggle(index)           a click: from there a range is reckoned
//     .extend(indexes)         a range from there: what the last range had is given back
//     .set(indexes)            exactly these
//     .anchor                  where a range begins; null for nowhere
//     .take(selection)         of an update (_widgets/board_selection.py); → whether it is another
//     .ranges(indexes)         [[from, to], …] as it crosses

export class Selection {
  constructor(name, send) {
    this.name = name;
    this.send = send;
    this.indexes = new Set();
    this.anchor = null;
    this.before = new Set(); // what was selected before a range was
    this.turn = 0;
  }

  toggle(index) {
    const indexes = new Set(this.indexes);
    if (!indexes.delete(index)) indexes.add(index);
    this.set(indexes, index);
  }

  extend(indexes) {
    const { before, anchor } = this;
    this.set([...before, ...indexes], anchor);
    this.before = before;
  }

  set(indexes, anchor = null) {
    this.indexes = new Set(indexes);
    this.before = new Set(this.indexes);
    this.anchor = anchor;
    this.turn += 1;
    this.send({ select: this.ranges(this.indexes), turn: this.turn });
  }

  /** What this view chose before its last choice is passed over: it would undo that for a moment. */
  take({ view, turn, ranges }) {
    if (view === this.name && turn < this.turn) return false;
    const now = ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i));
    if (now.length === this.indexes.size && now.every((index) => this.indexes.has(index))) {
      return false;
    }
    this.indexes = new Set(now);
    this.before = new Set(now);
    return true;
  }

  ranges(indexes) {
    const ranges = [];
    for (const index of [...indexes].sort((a, b) => a - b)) {
      const last = ranges.at(-1);
      if (last?.[1] === index) last[1] += 1;
      else ranges.push([index, index + 1]);
    }
    return ranges;
  }
}

// The messages of one job as far as a view knows them, and which it has to ask for.
//
//   new KnownMessages(): .total, .at(index)  the values of a message (message_values of
//                                    _widgets/job_values.py); undefined while it is not here
//   .take(update)                    take in an update (_widgets/job_updates.py); → the first index
//                                    that may look different
//   .doubt()                         an update was lost: what is known is shown on, and asked for
//   .gaps                            the ranges [from, to) to be asked for, in order

export class KnownMessages {
  constructor() {
    this.total = 0;
    this.known = [];
    this.gaps = []; // [from, to), in order, none touching another
  }

  at(index) {
    return this.known[index];
  }

  take({ total, keep, parts }) {
    const valid = Math.min(keep, this.total);
    this.known.length = Math.min(this.known.length, valid);
    this.close(valid, Infinity);
    if (total > valid) this.gaps.push([valid, total]);
    this.known.length = this.total = total;
    for (const [first, messages] of parts) {
      messages.forEach((values, index) => (this.known[first + index] = values));
      this.close(first, first + messages.length);
    }
    return Math.min(valid, total, ...parts.map(([first]) => first));
  }

  /** Let nothing from `from` to `to` be a gap. */
  close(from, to) {
    this.gaps = this.gaps.flatMap(([start, end]) =>
      [[start, Math.min(end, from)], [Math.max(start, to), end]].filter(([a, b]) => a < b),
    );
  }

  doubt() {
    this.gaps = this.total ? [[0, this.total]] : [];
  }
}

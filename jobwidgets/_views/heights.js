// The heights of many rows, of which few were ever measured: sums and searches in log(n) steps.
//
//   new Heights(): .length, .push(height), .cut(length), .set(index, height), .get(index)
//   .before(index)    the height of all rows before this one; before(length) is that of all
//   .at(offset)       the index of the row at this offset

/** A Fenwick tree: cell i (from 1) holds the sum of the i & -i rows that end with row i. */
export class Heights {
  constructor() {
    this.length = 0;
    this.own = new Float64Array(1024);
    this.sums = new Float64Array(1025);
  }

  push(height) {
    if (this.length === this.own.length) this.grow();
    this.own[this.length++] = height;
    const end = this.length;
    let sum = height;
    for (let step = 1; step < (end & -end); step *= 2) sum += this.sums[end - step];
    this.sums[end] = sum;
  }

  grow() {
    const { own, sums } = this;
    this.own = new Float64Array(2 * own.length);
    this.own.set(own);
    this.sums = new Float64Array(2 * own.length + 1);
    this.sums.set(sums);
  }

  /** Forget the rows from `length` on: no cell before them holds any of their heights. */
  cut(length) {
    this.length = Math.min(this.length, length);
  }

  get(index) {
    return this.own[index];
  }

  set(index, height) {
    const more = height - this.own[index];
    this.own[index] = height;
    for (let i = index + 1; i <= this.length; i += i & -i) this.sums[i] += more;
  }

  before(index) {
    let sum = 0;
    for (let i = Math.min(index, this.length); i > 0; i -= i & -i) sum += this.sums[i];
    return sum;
  }

  at(offset) {
    let index = 0;
    let left = offset;
    for (let step = 2 ** Math.floor(Math.log2(this.length || 1)); step >= 1; step /= 2) {
      if (index + step <= this.length && this.sums[index + step] <= left) {
        index += step;
        left -= this.sums[index];
      }
    }
    return Math.min(index, Math.max(this.length - 1, 0));
  }
}

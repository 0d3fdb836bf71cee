/** Numbers the requests of all publishers of a run. */
export class CallNumbers {
  #last = 0;

  next(): number {
    this.#last += 1;
    return this.#last;
  }
}

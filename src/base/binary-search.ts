/**
 * The number of leading indexes below `length` for which `isBefore` is true. `isBefore` must be true up to some index
 * and false for all later indexes.
 */
export function countLeading(length: number, isBefore: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

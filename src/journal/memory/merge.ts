import type { Entry } from "../../hub/publications/entry.js";
import type { Offset } from "../../hub/publications/position.js";
import type { EntryQueue } from "../../hub/publications/entry-queue.js";

interface Cursor {
  readonly queue: EntryQueue;
  index: number;
  offset: Offset;
}

/**
 * Visits, in order, the entries of several queues with offsets after `after`, up to `upTo`, until `visit` returns
 * false. An entry in several queues is visited once.
 */
export function mergeEntries(
  queues: readonly EntryQueue[],
  range: { readonly after: Offset; readonly upTo: Offset },
  visit: (entry: Entry) => boolean,
): void {
  const heap = queues.flatMap((queue) => startCursor(queue, range.after));
  for (let index = (heap.length >>> 1) - 1; index >= 0; index -= 1) sink(heap, index);
  let last = range.after;
  for (let top = heap[0]; top !== undefined && top.offset <= range.upTo; top = heap[0]) {
    const entry = top.queue.at(top.index);
    if (entry !== undefined && entry.offset !== last) {
      if (!visit(entry)) return;
      last = entry.offset;
    }
    advance(heap, top);
  }
}

function startCursor(queue: EntryQueue, after: Offset): Cursor[] {
  const index = queue.indexAfter(after);
  const entry = queue.at(index);
  return entry === undefined ? [] : [{ queue, index, offset: entry.offset }];
}

function advance(heap: Cursor[], top: Cursor): void {
  top.index += 1;
  const next = top.queue.at(top.index);
  if (next === undefined) {
    const moved = heap.pop();
    if (moved !== undefined && moved !== top) heap[0] = moved;
  } else {
    top.offset = next.offset;
  }
  sink(heap, 0);
}

function sink(heap: Cursor[], from: number): void {
  const item = heap[from];
  if (item === undefined) return;
  let index = from;
  for (;;) {
    const child = smallerChild(heap, index);
    const below = heap[child];
    if (below === undefined || below.offset >= item.offset) break;
    heap[index] = below;
    index = child;
  }
  heap[index] = item;
}

function smallerChild(heap: readonly Cursor[], index: number): number {
  const left = heap[2 * index + 1];
  const right = heap[2 * index + 2];
  return left !== undefined && right !== undefined && right.offset < left.offset
    ? 2 * index + 2
    : 2 * index + 1;
}

export interface GatherLimits<Item> {
  /** The most items in one batch, and that are read ahead. */
  readonly count: number;
  /** The most bytes in one batch, unless its only item has more. */
  readonly bytes: number;
  readonly sizeOf: (item: Item) => number;
}

/**
 * Reads a source while its consumer is busy, and yields whatever has come by then, in order: the first item alone, then
 * the larger batches the longer each takes. Nothing waits for a batch to fill. An error of the source comes after what
 * was read before it.
 */
export async function* gather<Item>(
  source: AsyncIterable<Item> | Iterable<Item>,
  limits: GatherLimits<Item>,
): AsyncGenerator<readonly Item[], void, undefined> {
  const reader = new Reader(source, limits.count);
  try {
    for (;;) {
      const batch = await reader.take(limits);
      if (batch.length === 0) return;
      yield batch;
    }
  } finally {
    reader.stop();
  }
}

/** Fills a bounded queue from the source. */
class Reader<Item> {
  readonly #queue: Item[] = [];
  readonly #count: number;
  #wake: () => void = () => undefined;
  #stopped = false;
  #end: { readonly error?: unknown } | undefined;

  constructor(source: AsyncIterable<Item> | Iterable<Item>, count: number) {
    this.#count = count;
    this.#read(source).then(
      () => this.#ended({}),
      (error: unknown) => this.#ended({ error }),
    );
  }

  /** The next batch, empty at the end of the source. */
  async take({ count, bytes, sizeOf }: GatherLimits<Item>): Promise<readonly Item[]> {
    while (this.#queue.length === 0 && this.#end === undefined) await this.#change();
    if (this.#queue.length === 0 && this.#end !== undefined && "error" in this.#end) throw this.#end.error;
    let sum = 0;
    const over = this.#queue.findIndex((item, index) => {
      sum += sizeOf(item);
      return index > 0 && (index >= count || sum > bytes);
    });
    const batch = this.#queue.splice(0, over < 0 ? this.#queue.length : over);
    this.#changed();
    return batch;
  }

  /** Reads no further than the item that it waits for. */
  stop(): void {
    this.#stopped = true;
    this.#changed();
  }

  async #read(source: AsyncIterable<Item> | Iterable<Item>): Promise<void> {
    for await (const item of source) {
      if (this.#stopped) return;
      this.#queue.push(item);
      this.#changed();
      while (this.#queue.length >= this.#count && !this.#stopped) await this.#change();
    }
  }

  #ended(end: { readonly error?: unknown }): void {
    this.#end = end;
    this.#changed();
  }

  /** Reader and consumer never wait at once: one does for an empty queue, the other for a full one. */
  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #changed(): void {
    this.#wake();
  }
}

export interface GatherLimits<Item> {
  /** The largest number of items in one batch, and also the largest number of items that are read ahead. */
  readonly count: number;
  /** The largest size of a batch in bytes. A larger item is a batch of its own. */
  readonly bytes: number;
  readonly sizeOf: (item: Item) => number;
}

/**
 * Reads a source while the consumer is busy, and yields the items that have arrived, in order. The first batch has one
 * item. The slower the consumer, the larger the batches. An item never waits for a batch to become full. If the source
 * throws an error, the function first yields the items before the error, and then throws the error.
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

  /** Returns the next batch, which is empty at the end of the source. */
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

  /** Stops reading; an item that is being read is still read. */
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

  /**
   * Reader and consumer never wait at the same time: the consumer waits if the queue is empty, and the reader waits if
   * the queue is full.
   */
  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #changed(): void {
    this.#wake();
  }
}

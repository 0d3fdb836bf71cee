/** Percentiles of delays, in milliseconds. All are 0 if there are no delays. */
export interface Delays {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

const stepsPerOctave = 32;
const octaves = 40;

/** Counts delays with an error of at most 3%, in a few nanoseconds each. Needs 10 KB. */
export class DelayHistogram {
  readonly #counts = new Float64Array(stepsPerOctave * octaves);
  #max = 0;

  /** Counts one delay, in microseconds. Negative delays count as zero. */
  add(us: number): void {
    const value = us < 0 ? 0 : us > 0x7fffffff ? 0x7fffffff : us;
    if (value > this.#max) this.#max = value;
    const index = stepOf(value);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  /** Deletes all counts, for instance after warming up. */
  reset(): void {
    this.#counts.fill(0);
    this.#max = 0;
  }

  read(): Delays {
    let count = 0;
    for (const n of this.#counts) count += n;
    const at = (share: number): number => Math.min(this.#quantile(share * count), this.#max) / 1000;
    return { count, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: this.#max / 1000 };
  }

  /** The upper edge of the step that contains the delay of this rank, counted from the shortest delay. */
  #quantile(rank: number): number {
    let seen = 0;
    for (const [index, n] of this.#counts.entries()) {
      seen += n;
      if (n > 0 && seen >= rank) return edgeOf(index);
    }
    return 0;
  }
}

// Below 32 µs each microsecond is a step. From 32 µs on, each power of two has 32 steps.
function stepOf(us: number): number {
  if (us < stepsPerOctave) return us | 0;
  const octave = 26 - Math.clz32(us);
  return octave * stepsPerOctave + (us >>> octave);
}

function edgeOf(index: number): number {
  if (index < stepsPerOctave * 2) return index;
  const octave = Math.floor(index / stepsPerOctave) - 1;
  return (index - octave * stepsPerOctave + 1) * 2 ** octave - 1;
}

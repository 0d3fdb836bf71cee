/** A number that an operator can set, with its default and its range. */
export interface NumberSetting {
  readonly default: number;
  /** The smallest number that may be set. */
  readonly from: number;
  /** The largest number that may be set. */
  readonly to: number;
}

/** The unit of a limit; `""` for a count. */
export type LimitUnit = "bytes" | "seconds" | "ms" | "percent" | "";

/** The limit of something that can grow. Only whole numbers are allowed. */
export interface Limit extends NumberSetting {
  readonly unit: LimitUnit;
  /** The limited quantity, in a few short sentences. */
  readonly help: string;
  /** The effect above the limit, in one or two sentences. */
  readonly above?: string;
  /** The arithmetic of the default, in one or two sentences. */
  readonly why: string;
  /** True if a reload changes the limit in a running hub. @default a change needs a restart */
  readonly reload?: true;
}

/** Limits by their names in the settings file. */
export type LimitTable = Readonly<Record<string, Limit>>;

/** The values of a table of limits, by name. */
export type LimitValues<Table extends LimitTable> = { readonly [Name in keyof Table]: number };

/** The default of each limit. Frozen. */
export function defaultsOf<Table extends LimitTable>(table: Table): LimitValues<Table> {
  const defaults = Object.entries(table).map(([name, limit]) => [name, limit.default]);
  return Object.freeze(Object.fromEntries(defaults));
}

export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;

/** The range of a count. */
export const countRange = { from: 1, to: 100_000_000 } as const;

/** The range of a limit on memory, in bytes. */
export const memoryRange = { from: 64 * KiB, to: 64 * GiB } as const;

/** The range of a length of time, in seconds: up to a year. */
export const ageRange = { from: 1, to: 31_536_000 } as const;

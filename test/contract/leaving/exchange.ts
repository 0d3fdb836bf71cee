/** A part of an exchange. */
export interface Step {
  /** The bytes that the client sends. */
  readonly write: Buffer;
  /** Text that the client receives before it sends the next step. @default the client does not wait */
  readonly read?: string;
}

/** Everything that one client sends on one connection. */
export interface Exchange {
  readonly name: string;
  readonly steps: readonly Step[];
  /** True if the client reads nothing, so that the hub cannot write everything. @default false */
  readonly isSlow?: boolean;
  /** The bytes between two positions at which clients leave. @default 1 */
  readonly stride?: number;
}

/** Where and how a client leaves. */
export interface Cut {
  /** The step in which the client leaves, from 0. */
  readonly step: number;
  /** The bytes of this step that the client has sent. */
  readonly bytes: number;
  /** True if the client has read the answer of this step. */
  readonly hasRead: boolean;
  readonly way: Way;
}

/** FIN of both directions, RST, or FIN of the client's direction only. */
export const ways = ["close", "reset", "half-close"] as const;
export type Way = (typeof ways)[number];

/**
 * The positions at which a client can leave: after each byte of each step, and after each answer. The ways alternate,
 * with each position of a step in one way and the end of a step in all ways.
 *
 * @param every the client leaves at each position in all ways
 */
export function cutsOf(exchange: Exchange, { every }: { readonly every: boolean }): readonly Cut[] {
  const { steps, stride = 1 } = exchange;
  return steps.flatMap(({ write, read }, step) => {
    const end = write.length;
    const cuts = positionsOf(write, stride).flatMap((bytes) =>
      (every || bytes === end ? ways : [wayAt(bytes)]).map((way) => ({ step, bytes, hasRead: false, way })),
    );
    if (read === undefined) return cuts;
    return cuts.concat(ways.map((way) => ({ step, bytes: end, hasRead: true, way })));
  });
}

/** The last position is the end. */
function positionsOf(write: Buffer, stride: number): readonly number[] {
  const count = Math.ceil(write.length / stride);
  return Array.from({ length: count }, (_, index) => write.length - (count - 1 - index) * stride);
}

function wayAt(bytes: number): Way {
  return ways[bytes % ways.length] ?? "close";
}

/** The cut in words, for messages. */
export function describeCut({ name }: Exchange, { step, bytes, hasRead, way }: Cut): string {
  return `${name}, ${way} after byte ${bytes} of step ${step + 1}${hasRead ? " and its answer" : ""}`;
}

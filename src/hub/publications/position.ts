declare const epochBrand: unique symbol;

/** The name of one run of a journal. Offsets of different epochs cannot be compared. */
export type Epoch = string & { readonly [epochBrand]: true };

/**
 * A publication's number in the hub-wide count: 1 for the first publication of an epoch. 0 is before the first
 * publication.
 */
export type Offset = number;

/** A place in the order of publications. A client at this position has everything up to and including the offset. */
export interface Position {
  readonly epoch: Epoch;
  readonly offset: Offset;
}

/** Writes positions as event ids. All of these ids begin with `#`; a publisher's own id never does. */
export interface PositionFormat {
  format(position: Position): string;
  /** Reads an event id; undefined for any text that {@link format} does not write. */
  parse(text: string): Position | undefined;
}

const epochForm = /^[A-Za-z0-9_-]{1,32}$/;
const positionForm = /^#([A-Za-z0-9_-]{1,32}):(0|[1-9][0-9]{0,15})$/;

/** Accepts 1 to 32 letters, digits, `-` or `_` as an epoch; undefined for anything else. */
export function parseEpoch(text: string): Epoch | undefined {
  return epochForm.test(text) ? (text as Epoch) : undefined;
}

/** Writes a position as an event id, `#epoch:offset`. */
export function formatPosition(position: Position): string {
  return `#${position.epoch}:${position.offset}`;
}

/** Reads an event id that {@link formatPosition} wrote; undefined for any other text. */
export function parsePosition(text: string): Position | undefined {
  const match = positionForm.exec(text);
  const epoch = match?.[1];
  const offset = Number(match?.[2]);
  return epoch !== undefined && Number.isSafeInteger(offset) ? { epoch: epoch as Epoch, offset } : undefined;
}

/** Positions in plain text, which reveal the number of publications. */
export const plainPositions: PositionFormat = Object.freeze({ format: formatPosition, parse: parsePosition });

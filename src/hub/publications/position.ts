declare const epochBrand: unique symbol;

/** Names one run of a journal. Offsets of different epochs cannot be compared. */
export type Epoch = string & { readonly [epochBrand]: true };

/** A publication's number in the hub-wide count: 1 for the first of an epoch. 0 is before all of them. */
export type Offset = number;

/** Everything up to and including this offset has been delivered to the client. */
export interface Position {
  readonly epoch: Epoch;
  readonly offset: Offset;
}

/** Writes positions as event ids. All begin with `#`, which no publisher's own id does. */
export interface PositionFormat {
  format(position: Position): string;
  /** Undefined for any text that {@link format} does not write. */
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

/** Positions in plain text. They reveal the number of publications. */
export const plainPositions: PositionFormat = Object.freeze({ format: formatPosition, parse: parsePosition });

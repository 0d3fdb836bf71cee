/**
 * The ids of the streams that were opened during one stay. A stay is the time from a connect of the link to the loss of
 * the link. The ids are valid during one run of the server.
 */
export interface Stay {
  /** The wall-clock time when the server was last known to be alive, in milliseconds; 0 for never. */
  heardAt: number;
  /** Identifies the run of the server; empty if the run has no mark. See {@link "run-mark"}. */
  readonly mark: string;
  readonly ids: Set<number>;
}

const version = "pharos-link 1";
/** The width of a time is fixed, because a new time overwrites the old one in the file. */
const timeDigits = 15;

export const recordHead = `${version}\n`;

/** Encodes the first line of a stay: `@`, its time and its mark. Lines of ids follow. */
export function encodeStay(stay: Pick<Stay, "heardAt" | "mark">): string {
  return `@${encodeTime(stay.heardAt)} ${stay.mark}\n`;
}

/**
 * Encodes the time alone. The new time overwrites the old time in the file, one byte after the start of the stay's
 * line.
 */
export function encodeTime(heardAt: number): string {
  return String(Math.max(0, Math.trunc(heardAt))).padStart(timeDigits, "0");
}

/** Encodes the ids of connections that opened (`+`) or ended (`-`); empty if there are no ids. */
export function encodeIds(sign: "+" | "-", ids: Iterable<number>): string {
  const list = [...ids].join(" ");
  return list === "" ? "" : `${sign}${list}\n`;
}

/**
 * Parses a record. A crash or a manual change may have broken lines, so the parser skips lines that it cannot read. For
 * a file of another kind, it returns no stays.
 */
export function parseRecord(text: string): Stay[] {
  if (!text.startsWith(recordHead)) return [];
  const stays: Stay[] = [];
  // The last line may be incomplete, for example on a full disk: the end of its last id may be missing.
  for (const line of text.slice(recordHead.length).split("\n").slice(0, -1)) readLine(stays, line);
  return stays.filter((stay) => stay.ids.size > 0);
}

function readLine(stays: Stay[], line: string): void {
  const begin = /^@(\d{15}) (\S*)$/.exec(line);
  if (begin) {
    stays.push({ heardAt: Number(begin[1]), mark: begin[2] ?? "", ids: new Set() });
    return;
  }
  const stay = stays.at(-1);
  if (stay === undefined || !/^[+-]\d{1,10}(?: \d{1,10})*$/.test(line)) return;
  for (const id of line.slice(1).split(" ")) {
    if (line.startsWith("+")) stay.ids.add(Number(id));
    else stay.ids.delete(Number(id));
  }
}

/**
 * The ids that were opened during one stay of the link with a server. They mean something to one run of that server.
 */
export interface Stay {
  /** Wall-clock milliseconds when the server was last known to live during it; 0 for never. */
  heardAt: number;
  /** What identified the run of the server, or empty where nothing does; see {@link "run-mark"}. */
  readonly mark: string;
  readonly ids: Set<number>;
}

const version = "pharos-link 1";
/** Fixed width, since the time is rewritten in place. */
const timeDigits = 15;

export const recordHead = `${version}\n`;

/** Frames the line that begins a stay: `@` and its time, then its mark. Lines of ids follow. */
export function encodeStay(stay: Pick<Stay, "heardAt" | "mark">): string {
  return `@${encodeTime(stay.heardAt)} ${stay.mark}\n`;
}

/** The time alone, as it is written over the old one, one byte behind the start of the stay's line. */
export function encodeTime(heardAt: number): string {
  return String(Math.max(0, Math.trunc(heardAt))).padStart(timeDigits, "0");
}

/** Frames the ids that were opened (`+`) or are gone (`-`); nothing for none. */
export function encodeIds(sign: "+" | "-", ids: Iterable<number>): string {
  const list = [...ids].join(" ");
  return list === "" ? "" : `${sign}${list}\n`;
}

/**
 * Reads a record. What a crash or another hand left of it is read as far as it makes sense: a broken line is passed
 * over, a file of another kind gives no stays.
 */
export function parseRecord(text: string): Stay[] {
  if (!text.startsWith(recordHead)) return [];
  const stays: Stay[] = [];
  for (const line of text.slice(recordHead.length).split("\n")) readLine(stays, line);
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
  for (const word of line.slice(1).split(" ")) {
    if (line.startsWith("+")) stay.ids.add(Number(word));
    else stay.ids.delete(Number(word));
  }
}

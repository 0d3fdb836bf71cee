import { PharosError } from "../base/errors.js";

/** Longest piece of a token that a reason quotes, in characters. */
const quotedCharacters = 80;

/** What moves a terminal's cursor, turns the direction of writing or ends a line; JSON leaves most of it as it is. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** Refuses a token. The words are for the log and `pharos token check`; clients never see them. */
export function refused(reason: string, options?: ErrorOptions): PharosError {
  return new PharosError("invalid-token", reason, options);
}

/** What `parse` returns; what it refuses is refused with the name of the claim's part in front. */
export function inEntry<Result>(where: string, parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    if (error instanceof PharosError) throw refused(`${where}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** A piece of a token, fit for a log line or a terminal: in quotes, shortened, nothing in it that is not seen. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  const short = text.length > quotedCharacters ? `${text.slice(0, quotedCharacters - 3)}...` : text;
  return printableText(short);
}

/** The text with everything that is not seen written as its code. */
export function printableText(text: string): string {
  return text.replaceAll(unprintable, (found) => `\\u{${found.codePointAt(0)?.toString(16) ?? ""}}`);
}

/** A time in seconds since 1970 as people and machines read it; any number is taken. */
export function timeText(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? `the second ${seconds}` : time.toISOString().replace(".000Z", "Z");
}

/** A number of seconds in the largest unit that leaves at least two of it: `90 seconds`, `3 hours`. */
export function durationText(seconds: number): string {
  const units = [
    ["days", 86_400],
    ["hours", 3600],
    ["minutes", 60],
  ] as const;
  const [name, size] = units.find(([, unit]) => seconds >= 2 * unit) ?? (["seconds", 1] as const);
  const count = Math.floor(seconds / size);
  return `${count} ${count === 1 ? "second" : name}`;
}

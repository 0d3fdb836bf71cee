import { PharosError, type ErrorCode } from "../base/errors.js";
import { quoteValue } from "../base/quote-value.js";

const isText = (value: unknown): boolean => typeof value === "string";
const isSwitch = (value: unknown): boolean => typeof value === "boolean";

/** The fields of a publication that a program may pass to a publisher, each with its allowed values. */
const publicationFields: ReadonlyMap<
  string,
  readonly [isAllowed: (value: unknown) => boolean, allowed: string]
> = new Map([
  [
    "topic",
    [(value) => isText(value) || (Array.isArray(value) && value.every(isText)), "a text or a list of texts"],
  ],
  ["data", [() => true, "a text, bytes, or JSON"]],
  ["id", [isText, "a text"]],
  ["type", [isText, "a text"]],
  ["retry", [(value) => typeof value === "number" || isText(value), "a number of milliseconds"]],
  ["ttl", [(value) => typeof value === "number" || isText(value), "a number of seconds"]],
  ["retain", [isSwitch, "true or false"]],
  ["private", [isSwitch, "true or false"]],
]);

/**
 * Checks the names of an object that a program passes, because JavaScript programs have no types.
 *
 * @throws PharosError with the code of the check, for a value that is no object, or for an unknown name
 */
export function checkNames(
  value: unknown,
  {
    what,
    names,
    code,
  }: { readonly what: string; readonly names: readonly string[]; readonly code: ErrorCode },
): void {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new PharosError(
      code,
      `${what} must be an object with ${names.join(", ")}, not ${quoteValue(value)}`,
    );
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const meant = names.find((name) => unknown.toLowerCase().startsWith(name.toLowerCase()));
  const hint = meant === undefined ? `allowed are ${names.join(", ")}` : `did you mean "${meant}"?`;
  throw new PharosError(code, `${what}: there is no field ${quoteValue(unknown)}; ${hint}`);
}

/** @throws PharosError `bad-publication` for a value that is no object, an unknown field such as `topics`, or a wrong value */
export function checkPublication(publication: object): void {
  const names = [...publicationFields.keys()];
  checkNames(publication, { what: "a publication", names, code: "bad-publication" });
  for (const [name, value] of Object.entries(publication)) {
    const [isAllowed, allowed] = publicationFields.get(name) ?? [];
    if (value === undefined || isAllowed === undefined || isAllowed(value)) continue;
    const message = `${name} of a publication must be ${allowed}, not ${quoteValue(value)}`;
    throw new PharosError("bad-publication", message);
  }
}

/** @throws PharosError `bad-config` for an unknown option, or for a key that is not a text of a header */
export function checkPublishOptions(options: object): void {
  checkNames(options, { what: "options", names: ["idempotencyKey"], code: "bad-config" });
  const key: unknown = Object(options).idempotencyKey;
  if (key === undefined || (typeof key === "string" && /^\P{Cc}+$/u.test(key))) return;
  throw new PharosError(
    "bad-config",
    `idempotencyKey must be a text without control characters, not ${quoteValue(key)}`,
  );
}

/** @throws PharosError `bad-config` for a value that is no list and cannot be read with `for await`, or a wrong option */
export function checkSource(publications: unknown, options: object): void {
  checkNames(options, { what: "options", names: ["what", "onPublished"], code: "bad-config" });
  const onPublished: unknown = Object(options).onPublished;
  if (onPublished !== undefined && typeof onPublished !== "function")
    throw new PharosError("bad-config", `onPublished must be a function, not ${quoteValue(onPublished)}`);
  const source = Object(publications);
  if (Symbol.iterator in source || Symbol.asyncIterator in source) return;
  throw new PharosError(
    "bad-config",
    `publishAll needs a list or another series of publications, not ${quoteValue(publications)}`,
  );
}

/** The largest number that timers and the options of ZeroMQ sockets accept. */
const largestNumber = 2 ** 31 - 1;

/** @throws PharosError `bad-config` for a value that is not a whole number from `from` to {@link largestNumber} */
export function checkNumber(name: string, value: unknown, from: number): void {
  if (Number.isInteger(value) && Number(value) >= from && Number(value) <= largestNumber) return;
  throw new PharosError(
    "bad-config",
    `${name} must be a whole number from ${from} to ${largestNumber}, not ${quoteValue(value)}`,
  );
}

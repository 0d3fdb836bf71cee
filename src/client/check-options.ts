import { wordFor, shown } from "./messages/filter-list.js";
import type { ConnectOptions } from "./options.js";
import { byteString } from "./transports/event-stream-transport.js";

const text = "a text";
const object = "an object";
const textOr = `${text} or `;
const switchOr = `true, false or ${object}`;

/** The kinds of values that each option may have, as in the error message. */
const allowed = new Map<string, string>(
  Object.entries({
    filters: `${textOr}a list of texts`,
    token: `${textOr}a function`,
    lastEventId: text,
    transport: text,
    storage: switchOr,
    storageKey: text,
    shared: switchOr,
    decryptKey: textOr + object,
    signal: object,
    headers: object,
    credentials: text,
    fetch: "a function",
  } satisfies Record<keyof ConnectOptions, string>),
);

/**
 * Checks the options of `connect`.
 *
 * @throws TypeError for an unknown option, or for a value that is not allowed
 */
export function checkOptions(options: ConnectOptions): void {
  if (wordFor(options) !== object)
    throw new TypeError(`the options must be ${object}, not ${shown(options)}`);
  for (const [name, value] of Object.entries(options)) {
    const kinds = allowed.get(name) ?? unknown(name);
    if (value !== undefined && !kinds.split(/, | or /).includes(wordFor(value)))
      throw new TypeError(`the option ${name} must be ${kinds}, not ${shown(value)}`);
  }
  const { token, lastEventId = "" } = options;
  try {
    // The platform checks the headers, the credentials and the signal, and ignores the other options.
    const { headers } = new Request("http://a", options);
    headers.set("a", `${typeof token === "string" && token}${byteString(lastEventId)}`);
  } catch {
    // The error of the platform may contain the token.
    throw new TypeError("a request cannot have these headers, token, lastEventId, credentials or signal");
  }
}

function unknown(name: string): never {
  const names = [...allowed.keys()];
  const similar = names.find((known) => known.startsWith(name.slice(0, 4).toLowerCase()));
  const meant = name.startsWith("topic") ? "filters" : similar;
  throw new TypeError(
    `connect has no option ${name}; ${meant ? `did you mean ${meant}?` : `allowed: ${names.join(", ")}`}`,
  );
}

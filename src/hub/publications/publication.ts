import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import { retryMs } from "../../limits/delivery.js";
import { reservedTypePrefix } from "../../protocol.js";
import { defaultPublicationLimits, ttlSeconds, type PublicationLimits } from "../../limits/publications.js";
import { hasForbiddenCharacter, parseTopic } from "../topics/topic.js";
import type { Topic } from "../topics/topic.js";

/** A valid publication, within the limits. Every subscriber gets the same publication. */
export interface Publication {
  /**
   * At least one topic; the first is the canonical topic. A subscriber that matches several topics receives the
   * publication once.
   */
  readonly topics: readonly [Topic, ...Topic[]];
  readonly data: string;
  /** The publisher's own event id. */
  readonly id?: string;
  readonly type?: string;
  /** The reconnection time for clients, in milliseconds. */
  readonly retryMs?: number;
  /** The time after which no new reader gets the publication, in seconds since the journal stored it. @default never */
  readonly ttlSeconds?: number;
  /**
   * True: the hub stores the publication as the value of its topics, and new subscribers get this value first. Empty
   * data removes the value of the topics.
   */
  readonly retain: boolean;
  /** True: the hub delivers the publication only to subscribers with the right to read it. */
  readonly private: boolean;
}

/** A publication that is not validated yet. */
export interface PublicationInput {
  readonly topics: readonly string[];
  readonly data?: string | undefined;
  readonly id?: string | undefined;
  readonly type?: string | undefined;
  readonly retry?: number | string | undefined;
  readonly ttl?: number | string | undefined;
  readonly retain?: boolean | undefined;
  readonly private?: boolean | undefined;
}

/**
 * Validates a publication. Every input calls this function: ZeroMQ, HTTP, bridges, and the command line before it
 * sends.
 *
 * @throws PharosError `bad-topic`, `bad-event-id` (starts with `#`, equals `earliest`, has white space at its start or
 *   end), `bad-event-type` (`mercure`, `pharos-…`), `bad-retry` (not whole milliseconds from 100 to 3,600,000),
 *   `bad-ttl` (not whole seconds from 1 to 31,536,000), `bad-publication`, `too-large`. Text with a lone surrogate is an error and is never repaired.
 */
export function parsePublication(
  input: PublicationInput,
  limits: PublicationLimits = defaultPublicationLimits,
): Publication {
  const id = presentText(input.id);
  const type = presentText(input.type);
  const data = input.data ?? "";
  if (id !== undefined) checkId(id, limits.idBytes);
  if (type !== undefined) checkType(type, limits.typeBytes);
  checkData(data, limits.dataBytes);
  return {
    topics: parseTopics(input.topics, limits),
    data,
    retain: input.retain ?? false,
    private: input.private ?? false,
    ...(id === undefined ? {} : { id }),
    ...(type === undefined ? {} : { type }),
    ...(input.retry === undefined ? {} : { retryMs: parseRetry(input.retry) }),
    ...(input.ttl === undefined ? {} : { ttlSeconds: parseTtl(input.ttl) }),
  };
}

/**
 * Undefined for an empty text. An empty id or type counts as absent, because in an event stream an empty field sets
 * the default again.
 */
export function presentText(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

function parseTopics(topics: readonly string[], limits: PublicationLimits): readonly [Topic, ...Topic[]] {
  if (topics.length > limits.topicsPerPublication) {
    throw new PharosError(
      "too-large",
      `a publication may have at most ${limits.topicsPerPublication} topics, not ${topics.length}`,
    );
  }
  for (const topic of topics) checkLength(topic, "a topic", limits.topicBytes);
  const parsed = topics.map((topic) => parseTopic(topic, limits.topicBytes));
  const [first, ...others] = parsed.length > 1 ? new Set(parsed) : parsed;
  if (first === undefined) throw new PharosError("bad-topic", "a publication needs at least one topic");
  return [first, ...others];
}

function checkId(id: string, maxBytes: number): void {
  if (id.startsWith("#"))
    throw new PharosError(
      "bad-event-id",
      `the event id ${quoteValue(id)} is reserved: ids that begin with # are positions`,
    );
  if (id === "earliest")
    throw new PharosError(
      "bad-event-id",
      'the event id "earliest" is reserved: it stands for the start of history',
    );
  checkWord(id, { code: "bad-event-id", what: "an event id", maxBytes });
  // HTTP removes spaces around the value of a header, so a browser would resume from another id [RFC 9110 5.5].
  if (id !== id.trim())
    throw new PharosError(
      "bad-event-id",
      `an event id must not begin or end with white space, as ${quoteValue(id)} does; spaces inside an id are allowed`,
    );
}

function checkType(type: string, maxBytes: number): void {
  if (type === "mercure" || type.startsWith(reservedTypePrefix)) {
    throw new PharosError(
      "bad-event-type",
      `the event type ${quoteValue(type)} is reserved; allowed are all types except mercure and those that begin with ${reservedTypePrefix}`,
    );
  }
  checkWord(type, { code: "bad-event-type", what: "an event type", maxBytes });
}

function checkWord(
  text: string,
  rule: {
    readonly code: "bad-event-id" | "bad-event-type";
    readonly what: string;
    readonly maxBytes: number;
  },
): void {
  checkLength(text, rule.what, rule.maxBytes);
  if (hasForbiddenCharacter(text)) {
    throw new PharosError(
      rule.code,
      `${rule.what} must not hold control characters or invalid UTF-8, as ${quoteValue(text)} does`,
    );
  }
}

/** Throws `too-large` for a text over its limit [draft-dunglas-mercure-08, Publication: 413]. */
function checkLength(text: string, what: string, maxBytes: number): void {
  // A UTF-16 code unit becomes at most three bytes of UTF-8, so a short text needs no exact count.
  if (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes) {
    throw new PharosError(
      "too-large",
      `${what} may have at most ${maxBytes} bytes, not ${Buffer.byteLength(text)}`,
    );
  }
}

function checkData(data: string, maxBytes: number): void {
  checkLength(data, "the data of a publication", maxBytes);
  if (!data.isWellFormed())
    throw new PharosError("bad-publication", "the data of a publication must be valid UTF-8");
}

function parseTtl(ttl: number | string): number {
  const value = numberOf(ttl);
  if (Number.isInteger(value) && value >= ttlSeconds.from && value <= ttlSeconds.to) return value;
  throw new PharosError(
    "bad-ttl",
    `a ttl is a whole number of seconds from ${ttlSeconds.from} to ${ttlSeconds.to}, not ${typeof ttl === "number" ? ttl : quoteValue(ttl)}`,
  );
}

function numberOf(text: number | string): number {
  if (typeof text === "number") return text;
  return /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
}

function parseRetry(retry: number | string): number {
  const value = numberOf(retry);
  if (!Number.isInteger(value) || value < retryMs.from || value > retryMs.to) {
    throw new PharosError(
      "bad-retry",
      `a reconnection time is a whole number of milliseconds from ${retryMs.from} to ${retryMs.to}, not ${typeof retry === "number" ? retry : quoteValue(retry)}`,
    );
  }
  return value;
}

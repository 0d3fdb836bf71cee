import { declaredConnectionLimits } from "../limits/connections.js";
import { declaredDeliveryLimits, declaredPresenceLimits } from "../limits/delivery.js";
import { declaredFilterLimits, declaredPatternLimits } from "../limits/filters.js";
import { declaredHistoryLimits, declaredRetainedLimits } from "../limits/history.js";
import { declaredJournalLimits } from "../limits/journal.js";
import type { LimitTable } from "../limits/limit.js";
import {
  declaredIdempotencyLimits,
  declaredPublicationLimits,
  declaredPublishLimits,
} from "../limits/publications.js";
import { declaredRequestLimits } from "../limits/requests.js";
import { declaredTokenLimits } from "../limits/tokens.js";

/** A group of related limits. */
export interface LimitSection {
  readonly title: string;
  readonly help: string;
  /** True if these limits are an object in the configuration file, under the section's name. */
  readonly isObject: boolean;
  readonly limits: LimitTable;
}

/** Every limit, in the order of the reference page. */
export const limitSections = {
  connections: {
    title: "Connections",
    help: 'Limits on open connections and on requests per second. "Local" addresses are loopback and private addresses. A local address may be a proxy for many clients.',
    isObject: false,
    limits: declaredConnectionLimits,
  },
  requests: {
    title: "Requests",
    help: "Limits on the headers and bodies of requests, and on the access log.",
    isObject: false,
    limits: declaredRequestLimits,
  },
  publications: {
    title: "Publications",
    help: "Limits on the parts of one publication.",
    isObject: false,
    limits: declaredPublicationLimits,
  },
  publishing: {
    title: "Many publications",
    help: "Limits on one request that publishes many publications.",
    isObject: false,
    limits: declaredPublishLimits,
  },
  idempotency: {
    title: "Idempotency",
    help: "The hub remembers responses by their `Idempotency-Key`, so that a repeated request publishes only once.",
    isObject: true,
    limits: declaredIdempotencyLimits,
  },
  history: {
    title: "History",
    help: "The hub stores publications for clients that reconnect. A client that missed evicted publications gets a gap event.",
    isObject: true,
    limits: declaredHistoryLimits,
  },
  journal: {
    title: "Journal",
    help: "A journal on disk or on an engine stores publications that outlive the hub; only with `--journal`.",
    isObject: true,
    limits: declaredJournalLimits,
  },
  retained: {
    title: "Retained values",
    help: "The hub stores the last retained value of each topic. New subscribers get this value first.",
    isObject: true,
    limits: declaredRetainedLimits,
  },
  delivery: {
    title: "Delivery",
    help: "Limits on writes to clients.",
    isObject: false,
    limits: declaredDeliveryLimits,
  },
  filters: {
    title: "Filters",
    help: "Limits on the filters of one stream, and on the filters of all streams together.",
    isObject: false,
    limits: declaredFilterLimits,
  },
  patterns: {
    title: "Patterns",
    help: "Limits on the URL patterns and URI templates of all streams. A pattern that several streams use counts once.",
    isObject: true,
    limits: declaredPatternLimits,
  },
  presence: {
    title: "Presence",
    help: "Limits on presence events (start or end of a subscription) and on lists of subscriptions; only with `--subscriptions`.",
    isObject: false,
    limits: declaredPresenceLimits,
  },
  token: {
    title: "Tokens",
    help: "Limits on access tokens.",
    isObject: true,
    limits: declaredTokenLimits,
  },
} as const satisfies Readonly<Record<string, LimitSection>>;

/** The path of each limit in the file, for instance `["limits", "history", "bytes"]`. */
export function limitPaths(): readonly (readonly string[])[] {
  return Object.entries(limitSections).flatMap(([section, { isObject, limits }]) =>
    Object.keys(limits).map((name) => (isObject ? ["limits", section, name] : ["limits", name])),
  );
}

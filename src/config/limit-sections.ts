import { declaredConnectionLimits } from "../limits/connections.js";
import { declaredDeliveryLimits, declaredPresenceLimits } from "../limits/delivery.js";
import { declaredFilterLimits, declaredPatternLimits } from "../limits/filters.js";
import { declaredHistoryLimits, declaredRetainedLimits } from "../limits/history.js";
import type { LimitTable } from "../limits/limit.js";
import {
  declaredIdempotencyLimits,
  declaredPublicationLimits,
  declaredPublishLimits,
} from "../limits/publications.js";
import { declaredRequestLimits } from "../limits/requests.js";
import { declaredTokenLimits } from "../limits/tokens.js";

/** Limits that belong together. */
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
    help: 'Open connections, and requests per second. "Local" addresses are loopback and private addresses: a proxy with many clients may be behind them.',
    isObject: false,
    limits: declaredConnectionLimits,
  },
  requests: {
    title: "Requests",
    help: "Heads and bodies of requests.",
    isObject: false,
    limits: declaredRequestLimits,
  },
  publications: {
    title: "Publications",
    help: "The parts of one publication.",
    isObject: false,
    limits: declaredPublicationLimits,
  },
  publishing: {
    title: "Many publications",
    help: "One request that publishes many publications.",
    isObject: false,
    limits: declaredPublishLimits,
  },
  idempotency: {
    title: "Idempotency",
    help: "Responses that are remembered by their `Idempotency-Key`, so that a repeated request publishes once.",
    isObject: true,
    limits: declaredIdempotencyLimits,
  },
  history: {
    title: "History",
    help: "Publications that are kept for clients that reconnect. Clients that missed evicted ones get a gap event.",
    isObject: true,
    limits: declaredHistoryLimits,
  },
  retained: {
    title: "Retained values",
    help: "The last value of each topic, which new subscribers get first.",
    isObject: true,
    limits: declaredRetainedLimits,
  },
  delivery: {
    title: "Delivery",
    help: "Writes to clients.",
    isObject: false,
    limits: declaredDeliveryLimits,
  },
  filters: {
    title: "Filters",
    help: "The filters of one stream, and of all streams together.",
    isObject: false,
    limits: declaredFilterLimits,
  },
  patterns: {
    title: "Patterns",
    help: "The URL patterns and URI templates of all streams. The same pattern of several streams counts once.",
    isObject: true,
    limits: declaredPatternLimits,
  },
  presence: {
    title: "Presence",
    help: "Events and lists of who is subscribed to what, with `--subscriptions`.",
    isObject: false,
    limits: declaredPresenceLimits,
  },
  token: {
    title: "Tokens",
    help: "Access tokens.",
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

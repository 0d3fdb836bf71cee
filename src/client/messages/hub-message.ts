import type { Arrival, LiveItem } from "./item.js";
import { objectFields, parseGapNotice } from "./json.js";

/** A JSON message of the hub: the content of a WebSocket message, or an event in the response to a poll. */
export type HubMessage =
  | { readonly kind: "arrival"; readonly arrival: Arrival }
  | { readonly kind: "open"; readonly retryMs: number | undefined; readonly heartbeatMs: number | undefined }
  /** A message of an unknown kind, or of a kind that this library does not use. */
  | { readonly kind: "other" };

/**
 * Parses one message; never throws.
 *
 * @param cursor the position of the stream before the message; a retained value does not change this position
 */
export function parseHubMessage(value: unknown, cursor: string): HubMessage {
  const fields = objectFields(value);
  const id = textOf(fields["id"]);
  switch (fields["kind"]) {
    case "event": {
      const item = eventOf(fields, id);
      return {
        kind: "arrival",
        arrival: { item, cursor: item.retained === true || id === "" ? cursor : id },
      };
    }
    case "gap":
      return {
        kind: "arrival",
        arrival: { item: { kind: "gap", id, ...parseGapNotice(value) }, cursor: id },
      };
    case "position":
      return { kind: "arrival", arrival: { cursor: id } };
    case "open":
      return {
        kind: "open",
        retryMs: numberOf(fields["retryMs"]),
        heartbeatMs: numberOf(fields["heartbeatMs"]),
      };
    default:
      return { kind: "other" };
  }
}

function eventOf(
  fields: Readonly<Record<string, unknown>>,
  id: string,
): Extract<LiveItem, { kind: "event" }> {
  const { topics, type, data, retained } = fields;
  return {
    kind: "event",
    id,
    topics: Array.isArray(topics) ? topics.filter((topic) => typeof topic === "string") : [],
    ...(typeof type === "string" ? { type } : {}),
    data: textOf(data),
    ...(retained === true ? { retained } : {}),
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

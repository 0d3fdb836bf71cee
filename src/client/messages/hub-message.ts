import type { Arrival, LiveItem } from "./item.js";
import { objectFields, parseGapNotice } from "./json.js";

/** What the hub says in JSON, in frames of a WebSocket and answers to polls. */
export type HubMessage =
  | { readonly kind: "arrival"; readonly arrival: Arrival }
  | { readonly kind: "open"; readonly retryMs: number | undefined; readonly heartbeatMs: number | undefined }
  /** An answer to what was not asked, or a word of a later hub. */
  | { readonly kind: "other" };

/** Parses one word; never throws. `cursor` is where the stream stands, and stays with a retained value. */
export function parseHubMessage(value: unknown, cursor: string): HubMessage {
  const word = objectFields(value);
  const id = textOf(word["id"]);
  switch (word["kind"]) {
    case "event": {
      const item = eventOf(word, id);
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
      return { kind: "open", retryMs: numberOf(word["retryMs"]), heartbeatMs: numberOf(word["heartbeatMs"]) };
    default:
      return { kind: "other" };
  }
}

function eventOf(word: Readonly<Record<string, unknown>>, id: string): Extract<LiveItem, { kind: "event" }> {
  const { topics, type, data, retained } = word;
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

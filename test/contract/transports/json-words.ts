import type { Told } from "./log.js";

/** What stands in one of the JSON objects of WebSockets and polls; each kind has some of it. */
export interface Words {
  readonly kind: string;
  readonly id?: string;
  readonly data?: string;
  readonly retained?: true;
  readonly reason?: string;
  readonly request?: number;
}

export function eventOfWords({ kind, data = "", reason = "" }: Words): Told {
  return kind === "gap" ? { kind, reason } : { kind: "event", data };
}

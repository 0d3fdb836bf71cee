import type { Told } from "./log.js";

/** The fields of the JSON messages of WebSockets and polls. Each kind of message has some of these fields. */
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

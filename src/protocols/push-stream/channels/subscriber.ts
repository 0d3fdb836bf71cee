import type { Grants } from "../../../auth/grants/grants.js";
import type { GatewayRequest } from "../../../gateway/http/messages.js";
import type { NameValuePairs } from "../../../gateway/http/query.js";
import type { Subscription } from "../../../hub/cohort.js";
import type { RequestedChannel } from "./channels.js";
import type { Control } from "./control.js";
import type { ChannelStart } from "./cursor.js";

/** The way in which a subscriber gets messages. Each mode has its own paths. */
export type Mode = StreamMode | PollMode;
export type StreamMode = (typeof streamModes)[number];
export type PollMode = "long-polling" | "jsonp" | "polling";

const streamModes = ["stream", "eventsource", "websocket"] as const;

/** True for a mode that keeps its connection open. */
export function isStreamMode(mode: Mode): mode is StreamMode {
  return streamModes.some((each) => each === mode);
}

/** A subscriber whose token has been verified. */
export interface ChannelSubscriber {
  /** The request that identifies the subscriber. Other headers of the request may be missing. */
  readonly request: GatewayRequest;
  readonly query: NameValuePairs;
  readonly grants: Grants | undefined;
  readonly channels: readonly RequestedChannel[];
  readonly control: Control;
  /** True if the client reads positions, which are no messages. */
  readonly positions: boolean;
  readonly subscription: Subscription;
  readonly start: ChannelStart;
}

import type { Grants } from "../../../auth/grants/grants.js";
import type { GatewayRequest } from "../../../gateway/http/messages.js";
import type { NameValuePairs } from "../../../gateway/http/query.js";
import type { Subscription } from "../../../hub/cohort.js";
import type { AskedChannel } from "./channels.js";
import type { ChannelStart, Control } from "./cursor.js";

/** How messages are brought; each has paths of its own. */
export type Mode = StreamMode | PollMode;
export type StreamMode = (typeof streamModes)[number];
export type PollMode = "long-polling" | "jsonp" | "polling";

const streamModes = ["stream", "eventsource", "websocket"] as const;

/** True for a mode that holds its connection open. */
export function isStreamMode(mode: Mode): mode is StreamMode {
  return streamModes.some((each) => each === mode);
}

/** A subscriber whose token has been looked at. */
export interface ChannelSubscriber {
  /** As it says who sends it; what else its head had may be missing. */
  readonly request: GatewayRequest;
  readonly query: NameValuePairs;
  readonly grants: Grants | undefined;
  readonly channels: readonly AskedChannel[];
  readonly control: Control;
  readonly subscription: Subscription;
  readonly beginning: ChannelStart;
}

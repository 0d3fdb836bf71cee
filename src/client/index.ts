export { subscribe } from "./subscribe.js";
export { StreamRefusedError } from "./refusal.js";
export type { ClientEvent, SubscribeOptions } from "./subscribe.js";
export type { GapNotice, GapReason } from "../protocol.js";

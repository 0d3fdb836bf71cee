import { serveTabs } from "./shared/serve-tabs.js";

export { connect } from "./connect.js";
export type { BookmarkStorage } from "./bookmark.js";
export { maxWaitingItems } from "./inbox.js";
export type { ConnectionState, LiveEvent, LiveGap, LiveItem, TransportName } from "./item.js";
export type { Live, LiveListeners } from "./live.js";
export type { ConnectOptions } from "./options.js";
export { StreamRefusedError } from "./refusal.js";
export type { TokenSource } from "./tokens.js";
export type { GapNotice, GapReason } from "../protocol.js";
export type { SharedOptions } from "./shared/open-shared.js";

serveTabs();

import { openPolls } from "./transports/poll-transport.js";
import { openSocket } from "./transports/socket-transport.js";

export { keepOpen } from "./loop/keep-open.js";
export { responseError } from "./messages/read-refusal.js";

/** Opens a stream of a transport other than event streams. */
export const openers = { websocket: openSocket, poll: openPolls } as const;

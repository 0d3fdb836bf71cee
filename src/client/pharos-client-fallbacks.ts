export { readRefusal } from "./messages/read-refusal.js";
export { renewInMs } from "./connection/token-renewal.js";
export { searchBetter } from "./connection/transport-search.js";
export { TransportChoice } from "./connection/transport-choice.js";
export { openPolls } from "./transports/poll-transport.js";
export { openSocket } from "./transports/socket-transport.js";

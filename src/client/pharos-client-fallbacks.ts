export { openPolls } from "./transports/poll-transport.js";
export { openSocket } from "./transports/socket-transport.js";

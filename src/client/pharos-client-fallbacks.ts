export { openPolls } from "./poll-transport.js";
export { openSocket } from "./socket-transport.js";

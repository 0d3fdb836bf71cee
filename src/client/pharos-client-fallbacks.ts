export { pollTransport } from "./poll-transport.js";
export { socketTransport } from "./socket-transport.js";

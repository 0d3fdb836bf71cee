/** The transports of the library. `auto` tries the other transports in order, and uses the first that works. */
export const transports = ["auto", "event-stream", "websocket", "poll"];

const names = { "event-stream": "event stream", websocket: "WebSocket", poll: "long poll" };

/** The name of a transport in a sentence, as in "by WebSocket". */
export const byTransport = (transport) => `by ${names[transport]}`;

/** The transport to show before a connection is open. */
export const firstCarrier = (transport) => (transport === "auto" ? transports[1] : transport);

/** How events are carried, in the library's words; with `auto` it is the first of the others that works. */
export const transports = ["auto", "event-stream", "websocket", "poll"];

const names = { "event-stream": "event stream", websocket: "WebSocket", poll: "long poll" };

/** For people: how events come, as in "by WebSocket". */
export const byTransport = (transport) => `by ${names[transport]}`;

/** What carries the events before anything is open. */
export const firstCarrier = (transport) => (transport === "auto" ? transports[1] : transport);

// Follows a stream with each library, in a page. `window.got` has the events of each library, as node-client.mjs prints them.
import { fetchEventSource } from "@microsoft/fetch-event-source";
import { EventSourcePolyfill } from "event-source-polyfill";
import ReconnectingEventSource from "reconnecting-eventsource";
import { SSE } from "sse.js";

const got = {};
window.got = got;

function take(name, data, type) {
  let value;
  try {
    value = JSON.parse(data);
  } catch {
    value = { error: `no JSON: ${JSON.stringify(data)}` };
  }
  got[name].push({ ...value, type, atMs: Date.now() });
}

function listen(name, source) {
  source.addEventListener("message", ({ data }) => take(name, data, "message"));
  source.addEventListener("pharos-gap", ({ data }) => take(name, data, "gap"));
}

const clients = {
  EventSource: (url) => listen("EventSource", new EventSource(url)),
  "event-source-polyfill": (url) => listen("event-source-polyfill", new EventSourcePolyfill(url)),
  "reconnecting-eventsource": (url) => listen("reconnecting-eventsource", new ReconnectingEventSource(url)),
  "sse.js": (url) =>
    listen("sse.js", new SSE(url, { autoReconnect: true, reconnectDelay: 300, useLastEventId: true })),
  "fetch-event-source in a page": (url) =>
    fetchEventSource(url, {
      openWhenHidden: true,
      onmessage: ({ data, event }) =>
        take("fetch-event-source in a page", data, event === "pharos-gap" ? "gap" : event || "message"),
      onclose: () => {
        throw new Error("closed");
      },
      onerror: () => 500,
    }),
};

window.follow = (url) => {
  for (const [name, open] of Object.entries(clients)) {
    got[name] = [];
    void open(url);
  }
};

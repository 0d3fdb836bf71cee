// Follows a stream with one library of npm. Prints each event as a line of JSON: its data, and the time of its arrival.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [name, url, folder] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const load = (library) => import(pathToFileURL(require.resolve(library)).href);

/** Parses each message as JSON, as many pages do. An error is an event of its own, so that the test sees it. */
function take(data, type = "message") {
  let value;
  try {
    value = JSON.parse(data);
  } catch {
    value = { error: `no JSON: ${JSON.stringify(data)}` };
  }
  process.stdout.write(`${JSON.stringify({ ...value, type, atMs: Date.now() })}\n`);
}

function listen(source) {
  source.addEventListener("message", ({ data }) => take(data));
  source.addEventListener("pharos-gap", ({ data }) => take(data, "gap"));
}

const clients = {
  eventsource4: async () => listen(new (await load("eventsource")).EventSource(url)),
  eventsource2: async () => listen(new (require("eventsource2"))(url)),
  "eventsource-client": async () => {
    const { createEventSource } = await load("eventsource-client");
    createEventSource({ url, onMessage: ({ data, event }) => take(data, event ?? "message") });
  },
  "fetch-event-source": async () => {
    // The library looks at the page's visibility.
    const page = { hidden: false, addEventListener() {}, removeEventListener() {} };
    Object.assign(globalThis, { document: page, window: globalThis });
    const { fetchEventSource } = await load("@microsoft/fetch-event-source");
    await fetchEventSource(url, {
      onmessage: ({ data, event }) => take(data, event || "message"),
      onclose: () => {
        throw new Error("closed");
      },
      onerror: () => 500,
    });
  },
};

await clients[name]();

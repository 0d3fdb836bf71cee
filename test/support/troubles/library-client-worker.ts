import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { connect, Live } from "../../../src/client/index.js";
import { answerCalls, root } from "../ipc.js";
import type { LibraryClientProtocol, Progress } from "./library-client-protocol.js";

/** The file that hubs serve to browsers. */
const libraryFile = join(root, "html", "pharos-client.js");

/** A connection of the library that notes what it receives. */
class NotingClient {
  readonly received: string[] = [];
  readonly #arrivals: { readonly number: number; readonly atMs: number }[] = [];
  #transport: string | undefined;
  #stateSinceMs = Date.now();

  constructor(live: Live) {
    live.on("event", ({ data }) => {
      this.received.push(data);
      this.#arrivals.push({ number: Number(data), atMs: Date.now() });
    });
    live.on("gap", () => this.received.push("gap"));
    live.on("state", (state) => {
      this.#stateSinceMs = Date.now();
      this.#transport = state.kind === "open" ? state.transport : undefined;
    });
  }

  progress(from: number): Progress {
    return {
      receivedAtMs: this.#arrivals.find(({ number }) => number >= from)?.atMs,
      transport: this.#transport,
      stateSinceMs: this.#stateSinceMs,
    };
  }
}

const clients: NotingClient[] = [];

answerCalls<LibraryClientProtocol>({
  open: async ({ url, topic, count }) => {
    const library = (await import(pathToFileURL(libraryFile).href)) as { readonly connect: typeof connect };
    for (let n = 0; n < count; n += 1)
      clients.push(new NotingClient(library.connect(url, { filters: [topic] })));
  },
  progress: ({ from }) => clients.map((client) => client.progress(from)),
  received: () => clients.map(({ received }) => received),
});

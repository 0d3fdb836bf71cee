import type { StormClientOptions } from "./storm-client.js";

type Kind = Pick<StormClientOptions, "transport" | "acceptsGzip">;

/** Three clients of each kind. */
export const mixedClients: readonly Kind[] = [
  { transport: "web-socket" },
  { transport: "event-stream" },
  { transport: "event-stream", acceptsGzip: true },
  { transport: "poll" },
].flatMap((kind) => [kind, kind, kind] as const) as readonly Kind[];

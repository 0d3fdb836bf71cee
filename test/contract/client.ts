import { constants, gunzipSync } from "node:zlib";
import { decodeChunks } from "../support/chunks.js";
import type { RawConnection } from "../support/raw-http.js";
import { waitFor } from "../support/wait-for.js";
import { parseResponse, requestBytes, type ResponseText } from "./http-text.js";
import type { Site } from "./site.js";

/** The time-out of all waits, in milliseconds. A wait is usually far shorter. */
export const within = 60_000;

/** Sends a request on a new connection and reads the response. */
export async function ask(site: Site, request: string): Promise<ResponseText> {
  const connection = await site.connect();
  connection.write(request);
  return readResponse(connection, { toHead: request.startsWith("HEAD ") });
}

/** Reads the first response on a connection. */
export async function readResponse(
  connection: RawConnection,
  options: { readonly toHead?: boolean } = {},
): Promise<ResponseText> {
  const text = await connection.readUntil((received) => parseResponse(received, options) !== undefined, {
    within,
  });
  const response = parseResponse(text, options);
  if (response === undefined) throw new Error("the response is complete a moment ago");
  return response;
}

/** The fields of one event, or of any other block that ends with an empty line. */
export interface ReceivedEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly comments: readonly string[];
}

export interface StreamOptions {
  /** @default "/esupdates" */
  readonly path?: string;
  /** The encoded query, which contains the filters. @default none */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly version?: string;
}

/** The stream of one client, byte by byte. */
export class ClientStream {
  readonly connection: RawConnection;

  constructor(connection: RawConnection) {
    this.connection = connection;
  }

  /** The text received so far after the response head, decoded from UTF-8. */
  get body(): string {
    const { bytes } = this.connection;
    const end = bytes.indexOf("\r\n\r\n");
    if (end < 0) return "";
    const head = bytes.subarray(0, end + 2);
    const sent = bytes.subarray(end + 4);
    const body = head.includes("\r\nTransfer-Encoding: chunked\r\n") ? decodeChunks(sent).body : sent;
    const isCoded = head.includes("\r\nContent-Encoding: gzip\r\n");
    return (isCoded ? gunzipSync(body, { finishFlush: constants.Z_SYNC_FLUSH }) : body).toString();
  }

  /** All complete blocks that the client has received. */
  get blocks(): readonly ReceivedEvent[] {
    return this.body.split("\n\n").slice(0, -1).map(parseBlock);
  }

  /** The events that have data. */
  get events(): readonly ReceivedEvent[] {
    return this.blocks.filter(({ data }) => data !== undefined);
  }

  /** The last event id that a browser stores for this stream. */
  get lastId(): string | undefined {
    return this.blocks.findLast(({ id }) => id !== undefined)?.id;
  }

  /** Waits for the event with this data. Returns all events with data. */
  async until(data: string): Promise<readonly ReceivedEvent[]> {
    const wanted = `data: ${data}\n\n`;
    await this.connection.readUntil(() => this.body.includes(wanted), { within });
    return this.events;
  }

  /** Like {@link until}, but returns only the data of the events. */
  async dataUntil(data: string): Promise<readonly (string | undefined)[]> {
    return (await this.until(data)).map((event) => event.data);
  }

  close(): void {
    this.connection.close();
  }
}

/** The header by which browsers' `EventSource` gets positions. */
export const likeBrowsers = { "Cache-Control": "no-cache" };

/** Opens a stream as a browser does, and waits for the first block. The hub has then subscribed the client. */
export async function openStream(
  site: Pick<Site, "connect">,
  options: StreamOptions = {},
): Promise<ClientStream> {
  const connection = await site.connect();
  const { path: resource = "/esupdates", query, headers, version } = options;
  const path = query === undefined ? resource : `${resource}?${query}`;
  connection.write(
    requestBytes({
      path,
      headers: { ...likeBrowsers, ...headers },
      ...(version === undefined ? {} : { version }),
    }),
  );
  const stream = new ClientStream(connection);
  await connection.readUntil(() => stream.body.includes("\n\n"), { within });
  return stream;
}

/** The number of open streams that the hub reports. */
export async function openStreams(site: Site): Promise<number> {
  const { body } = await ask(site, requestBytes({ path: "/healthz" }));
  return (JSON.parse(body) as { streams: number }).streams;
}

/** Waits until the hub has this number of open streams. */
export async function untilStreams(site: Site, count: number): Promise<void> {
  let seen = -1;
  await waitFor(
    async () => {
      seen = await openStreams(site);
      return seen === count;
    },
    { within, missing: () => `the hub has ${seen} streams open, not ${count}` },
  );
}

let topics = 0;

/** A topic that no other test uses. */
export function freshTopic(): string {
  topics += 1;
  return `contract/${topics}`;
}

/** Parses a block between two empty lines of an event stream. */
export function parseBlock(text: string): ReceivedEvent {
  const fields = new Map<string, string>();
  const comments: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith(":")) {
      comments.push(line.slice(1).trimStart());
      continue;
    }
    const [, name, value] = /^([a-z]+): (.*)$/s.exec(line) ?? [];
    if (name === undefined || value === undefined)
      throw new Error(`no line of a stream: ${JSON.stringify(line)}`);
    const before = fields.get(name);
    fields.set(name, name === "data" && before !== undefined ? `${before}\n${value}` : value);
  }
  const [id, event, data] = ["id", "event", "data"].map((name) => fields.get(name));
  return {
    ...(id === undefined ? {} : { id }),
    ...(event === undefined ? {} : { event }),
    ...(data === undefined ? {} : { data }),
    comments,
  };
}

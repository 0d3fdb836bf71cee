import { request, type IncomingMessage } from "node:http";
import { createBrotliDecompress, createGunzip } from "node:zlib";
import { handshakeHeaders } from "../web-socket.js";

/** A client of one stream. Notes when the first bytes and a certain text arrive. */
export interface Waiting {
  /** The time of the first bytes of the body, or of the head of a WebSocket. */
  readonly openedAt: number | undefined;
  /** The time of the text. */
  readonly arrivedAt: number | undefined;
  /** The response, such as `200 gzip`; empty before its head arrives. */
  readonly response: string;
  readonly close: () => void;
}

export interface StreamRequest {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The text to wait for. */
  readonly text: string;
}

/** The headers that a browser sends for a path: those of a handshake, of an `EventSource`, or of a script. */
export function headersOf(path: string, origin: string): Readonly<Record<string, string>> {
  if (path.startsWith("/ws")) return { ...handshakeHeaders, Origin: origin };
  const isStream = /^\/(?:esupdates|ev|\.well-known)/.test(path);
  return { Accept: isStream ? "text/event-stream" : "*/*" };
}

export function openStream({ port, path, headers, text }: StreamRequest): Waiting {
  const waiting: { -readonly [Key in keyof Waiting]: Waiting[Key] } = {
    openedAt: undefined,
    arrivedAt: undefined,
    response: "",
    close: () => asked.destroy(),
  };
  let got = "";
  const read = (bytes: Buffer): void => {
    waiting.openedAt ??= performance.now();
    got += bytes.toString("latin1");
    if (got.includes(text)) waiting.arrivedAt ??= performance.now();
  };
  const asked = request({ host: "localhost", port, path: `/hub${path}`, headers, agent: false });
  asked.on("response", (response) => {
    const { "content-encoding": coding = "plain" } = response.headers;
    waiting.response = `${response.statusCode ?? 0} ${coding}`;
    decoded(response, coding)
      .on("data", read)
      .on("error", () => undefined);
  });
  asked.on("upgrade", (response, socket, head) => {
    waiting.response = String(response.statusCode ?? 0);
    waiting.close = () => socket.destroy();
    read(head);
    socket.on("data", read).on("error", () => undefined);
  });
  asked.on("error", () => undefined).end();
  return waiting;
}

function decoded(response: IncomingMessage, coding: string): NodeJS.ReadableStream {
  response.on("error", () => undefined);
  if (coding === "gzip") return response.pipe(createGunzip());
  return coding === "br" ? response.pipe(createBrotliDecompress()) : response;
}

import { constants, createGunzip } from "node:zlib";
import { ChunkReader } from "../../support/chunk-reader.js";
import { parseFrame } from "../../support/web-socket.js";
import type { Site } from "../site.js";
import type { Log } from "./log.js";
import type { Line } from "./transport.js";

/** Reads the bytes after a response head, in pieces of any size. The first piece may be empty. */
export type Reader = (piece: Buffer) => void;

/**
 * Requests a stream, and passes its decoded body to `read`. Ignores bytes that arrive after {@link Line.close}. If the
 * response is an error, the log fails with this error.
 */
export async function openLine(
  site: Site,
  request: string,
  { read, log }: { readonly read: Reader; readonly log: Log },
): Promise<Line & { readonly write: (bytes: Buffer) => void }> {
  const connection = await site.connect();
  let isClosed = false;
  const over = (): void => {
    if (!isClosed) log.over();
  };
  const take = body(
    (piece) => {
      if (!isClosed) read(piece);
    },
    { log, over },
  );
  connection.handOver(take.piece);
  connection.onOver(take.end);
  connection.write(request);
  return {
    pause: () => connection.pause(),
    resume: () => connection.resume(),
    close: () => {
      isClosed = true;
      connection.close();
    },
    write: (bytes) => connection.write(bytes),
  };
}

interface Body {
  readonly piece: Reader;
  readonly end: () => void;
}

/** Removes the response head, and decodes the chunks and the gzip that the response head names. */
function body(read: Reader, { log, over }: { readonly log: Log; readonly over: () => void }): Body {
  let head: Buffer | undefined = Buffer.alloc(0);
  let decoded: Body = { piece: read, end: over };
  const piece = (bytes: Buffer): void => {
    if (head === undefined) return decoded.piece(bytes);
    head = Buffer.concat([head, bytes]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    const [text, rest] = [head.toString("latin1", 0, end), head.subarray(end + 4)];
    head = undefined;
    if (!/^HTTP\/1\.1 (200|101) /.test(text)) return log.fail(new Error(`the stream is refused: ${text}`));
    if (/^content-encoding: gzip$/im.test(text)) decoded = gunzip(read, over);
    if (/^transfer-encoding: chunked$/im.test(text)) decoded = unchunk(decoded);
    decoded.piece(rest);
  };
  return { piece, end: () => decoded.end() };
}

/** Removes the framing of chunks. */
function unchunk({ piece, end }: Body): Body {
  const chunks = new ChunkReader(piece);
  return { piece: (bytes) => chunks.read(bytes), end };
}

/** If a stream is cut off, its gzip data is incomplete. The function does not treat incomplete data as an error. */
function gunzip(read: Reader, over: () => void): Body {
  const stream = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
  stream.on("data", read).once("end", over);
  return { piece: (bytes) => void stream.write(bytes), end: () => void stream.end() };
}

/** Splits a stream into texts that end with `end`. The reader keeps an incomplete text until the next piece arrives. */
export function texts(end: string, each: (text: string) => void): Reader {
  let rest: Buffer[] = [];
  const last = end.at(-1) ?? "";
  return (piece) => {
    rest.push(piece);
    if (!piece.includes(last)) return;
    const whole = Buffer.concat(rest);
    let at = 0;
    for (let next = whole.indexOf(end); next >= 0; next = whole.indexOf(end, at)) {
      each(whole.toString("utf8", at, next));
      at = next + end.length;
    }
    rest = [whole.subarray(at)];
  };
}

/** The opcode of a WebSocket text frame. */
export const opcodeOfText = 1;

/** Reads the text frames of a server's WebSocket. */
export function frameTexts(each: (text: string) => void): Reader {
  let rest = Buffer.alloc(0);
  return (piece) => {
    rest = Buffer.concat([rest, piece]);
    let at = 0;
    for (let frame = parseFrame(rest, at); frame !== undefined; frame = parseFrame(rest, at)) {
      at = frame.end;
      if (frame.opcode === opcodeOfText) each(frame.payload.toString());
    }
    rest = rest.subarray(at);
  };
}

import { randomBytes } from "node:crypto";
import type { RawConnection } from "./raw-http.js";

/** A frame that a server sent. */
export interface ReceivedFrame {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly payload: Buffer;
}

/** The JSON content of one text frame. */
export type Item = Readonly<Record<string, unknown>> & { readonly kind: string };

/** A WebSocket client that a test controls. The client can send any frame, valid or not. */
export class WebSocketClient {
  readonly connection: RawConnection;
  readonly #within: number;
  readonly #frames: ReceivedFrame[] = [];
  readonly #items: Item[] = [];
  /** The number of parsed bytes; 0 before the response head is complete. */
  #parsed = 0;

  constructor(connection: RawConnection, options: { readonly within: number }) {
    this.connection = connection;
    this.#within = options.within;
  }

  /** The head of the handshake response, without the last empty line; empty until the head has arrived. */
  get head(): string {
    const end = this.connection.bytes.indexOf("\r\n\r\n");
    return end < 0 ? "" : this.connection.bytes.toString("latin1", 0, end);
  }

  /** All complete frames. Throws for a frame that servers must not send. */
  get frames(): readonly ReceivedFrame[] {
    const { bytes } = this.connection;
    if (this.#parsed === 0) this.#parsed = bytes.indexOf("\r\n\r\n") + 4;
    if (this.#parsed < 4) this.#parsed = 0;
    else this.#parse(bytes);
    return this.#frames;
  }

  /** The contents of all text frames. */
  get items(): readonly Item[] {
    return this.frames.length === 0 ? [] : this.#items;
  }

  /** The data of all events except retained values. */
  get data(): readonly unknown[] {
    return this.items.flatMap((item) =>
      item.kind === "event" && item["retained"] !== true ? [item["data"]] : [],
    );
  }

  /** The code of the close frame; undefined before this frame has arrived. */
  get closeCode(): number | undefined {
    const frame = this.frames.find(({ opcode }) => opcode === 8);
    return frame === undefined || frame.payload.length < 2 ? undefined : frame.payload.readUInt16BE(0);
  }

  /** The last id from which the client can resume. */
  get lastId(): string | undefined {
    return this.items.findLast(
      (item) => "id" in item && item["retained"] !== true && item.kind !== "published",
    )?.["id"] as string | undefined;
  }

  /** Sends one JSON object as a text frame. */
  say(message: unknown): void {
    this.send(1, typeof message === "string" ? message : JSON.stringify(message));
  }

  send(opcode: number, payload: string | Buffer = "", options: { readonly isFinal?: boolean } = {}): void {
    this.connection.write(clientFrame({ opcode, payload: Buffer.from(payload), ...options }));
  }

  /** Waits until the received frames satisfy the predicate. */
  async until(holds: (client: this) => boolean): Promise<void> {
    await this.connection.readUntil(() => holds(this), { within: this.#within });
  }

  /** Waits for an item of this kind with these fields. Returns the item. */
  async item(kind: string, fields: Readonly<Record<string, unknown>> = {}): Promise<Item> {
    const find = (): Item | undefined =>
      this.items.find(
        (item) => item.kind === kind && Object.entries(fields).every(([name, value]) => item[name] === value),
      );
    await this.until(() => find() !== undefined);
    const item = find();
    if (item === undefined) throw new Error("the item was there a moment ago");
    return item;
  }

  /** Waits for the event with this data. Returns the data of all events. */
  async dataUntil(data: string): Promise<readonly unknown[]> {
    await this.item("event", { data });
    return this.data;
  }

  close(): void {
    this.connection.close();
  }

  #parse(bytes: Buffer): void {
    for (let frame = parseFrame(bytes, this.#parsed); frame !== undefined;) {
      this.#parsed = frame.end;
      this.#frames.push(frame);
      if (frame.opcode === 1) this.#items.push(JSON.parse(frame.payload.toString()) as Item);
      frame = parseFrame(bytes, this.#parsed);
    }
  }
}

/** The headers of a handshake. */
export const handshakeHeaders: Readonly<Record<string, string>> = {
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** A masked frame, as clients send it. */
export function clientFrame(frame: {
  readonly opcode: number;
  readonly payload: Buffer;
  /** @default true */
  readonly isFinal?: boolean;
}): Buffer {
  const { opcode, payload, isFinal = true } = frame;
  const mask = randomBytes(4);
  const masked = Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
  const first = (isFinal ? 0x80 : 0) | opcode;
  return Buffer.concat([Buffer.from([first, ...lengthBytes(payload.length)]), mask, masked]);
}

function lengthBytes(length: number): readonly number[] {
  if (length < 126) return [0x80 | length];
  if (length < 65_536) return [0x80 | 126, length >> 8, length & 0xff];
  const eight = Buffer.alloc(8);
  eight.writeBigUInt64BE(BigInt(length));
  return [0x80 | 127, ...eight];
}

/** The complete frames at the start of these bytes. */
export function framesOf(bytes: Buffer): readonly ReceivedFrame[] {
  const frames: ReceivedFrame[] = [];
  let at = 0;
  for (let frame = parseFrame(bytes, at); frame !== undefined; frame = parseFrame(bytes, at)) {
    frames.push(frame);
    at = frame.end;
  }
  return frames;
}

/** The server's frame at this position; undefined if the frame is incomplete. */
export function parseFrame(
  bytes: Buffer,
  at: number,
): (ReceivedFrame & { readonly end: number }) | undefined {
  if (bytes.length < at + 2) return undefined;
  const [first = 0, second = 0] = bytes.subarray(at);
  if ((second & 0x80) !== 0 || (first & 0x70) !== 0) throw new Error(`no server may send ${first} ${second}`);
  const extra = second === 126 ? 2 : second === 127 ? 8 : 0;
  const start = at + 2 + extra;
  if (bytes.length < start) return undefined;
  const length = extra === 0 ? second : Number(`0x${bytes.toString("hex", at + 2, start)}`);
  const end = start + length;
  if (bytes.length < end) return undefined;
  return { opcode: first & 0xf, isFinal: (first & 0x80) !== 0, payload: bytes.subarray(start, end), end };
}

import { createConnection } from "node:net";
import { Random } from "../random.js";
import { before } from "../wait-for.js";
import {
  continuation,
  dataFrame,
  encodeFrame,
  errorNames,
  flags,
  FrameReader,
  goaway,
  headersFrame,
  literalBlock,
  ping,
  preface,
  rstStream,
  settingIds,
  settingsAck,
  settingsFrame,
  types,
  windowUpdate,
} from "./frames.js";
import { requestFields } from "./raw-client.js";

const within = 60_000;

/** How one changed connection has ended. */
export interface FuzzResult {
  /** The errors of GOAWAY and RST_STREAM frames. */
  readonly errors: readonly string[];
  /** The number of response heads. */
  readonly answers: number;
}

const paths = [
  "/healthz",
  "/esupdates?topic=fuzz",
  "/publish/fuzz",
  "/poll?topic=fuzz",
  "/",
  "/none",
  "/ws",
] as const;
const methods = ["GET", "GET", "GET", "POST", "HEAD", "OPTIONS", "PUT"] as const;
const increments = [1, 1000, 65_535] as const;
const windows = [0, 1, 1000, 65_535, 2 ** 20] as const;

/** The frames of a client that keeps to the protocol, more or less. */
class Script {
  readonly frames: Buffer[] = [preface, settingsFrame()];
  readonly #random: Random;
  #stream = 1;

  constructor(random: Random) {
    this.#random = random;
  }

  add(): void {
    const random = this.#random;
    const steps = [
      () => this.#request(),
      () => this.#request(),
      () => this.#post(),
      () => this.frames.push(rstStream(this.#someStream())),
      () => this.frames.push(windowUpdate(this.#someStream(), random.pick(increments))),
      () => this.frames.push(windowUpdate(0, random.pick(increments))),
      () => this.frames.push(ping()),
      () => this.frames.push(settingsFrame([[settingIds.initialWindowSize, random.pick(windows)]])),
      () => this.frames.push(settingsAck),
      () => this.frames.push(goaway(0)),
      () =>
        this.frames.push(
          encodeFrame({ type: types.priority, stream: this.#someStream(), payload: Buffer.alloc(5) }),
        ),
      () =>
        this.frames.push(
          encodeFrame({ type: 10 + random.below(246), flags: random.below(256), stream: this.#someStream() }),
        ),
    ] as const;
    random.pick(steps)();
  }

  #someStream(): number {
    const used = (this.#stream - 1) / 2;
    return used === 0 ? this.#firstStream() : 2 * this.#random.below(used) + 1;
  }

  #firstStream(): number {
    this.#request();
    return 1;
  }

  #request(): void {
    const random = this.#random;
    const fields = requestFields(random.pick(paths), { method: random.pick(methods) });
    const block = Buffer.concat([literalBlock(fields), this.#indexed()]);
    const id = this.#stream;
    this.#stream += 2;
    if (random.chance(0.7)) {
      this.frames.push(headersFrame(id, block, { endStream: random.chance(0.8) }));
      return;
    }
    const at = random.below(block.length);
    this.frames.push(
      headersFrame(id, block.subarray(0, at), { endHeaders: false }),
      continuation(id, block.subarray(at)),
    );
  }

  /** Fields that use the dynamic table. */
  #indexed(): Buffer {
    const random = this.#random;
    if (random.chance(0.5)) return Buffer.alloc(0);
    const name = Buffer.from(`x-${random.below(50)}`);
    return Buffer.concat([
      Buffer.of(0x40, name.length),
      name,
      Buffer.of(1, 65),
      Buffer.of(0x80 | (62 + random.below(3))),
    ]);
  }

  #post(): void {
    const random = this.#random;
    const body = "x".repeat(random.below(2000));
    const length = random.chance(0.5) ? { "content-length": String(body.length) } : {};
    const block = literalBlock(requestFields("/publish/fuzz", { method: "POST", headers: length }));
    const id = this.#stream;
    this.#stream += 2;
    this.frames.push(headersFrame(id, block, { endStream: false }));
    if (random.chance(0.3))
      this.frames.push(
        encodeFrame({
          type: types.data,
          stream: id,
          flags: flags.padded,
          payload: Buffer.alloc(1 + random.below(200), 9),
        }),
      );
    const isLast = random.chance(0.8);
    this.frames.push(dataFrame(id, body, { endStream: isLast }));
    if (!isLast && random.chance(0.5)) this.frames.push(headersFrame(id, literalBlock([["x-sum", "1"]])));
  }
}

/** The bytes of a client, with some changes. */
export function changedScript(random: Random): Buffer {
  const script = new Script(random);
  const steps = 1 + random.below(12);
  for (let step = 0; step < steps; step += 1) script.add();
  const frames = [...script.frames];
  const changes = random.below(5);
  for (let change = 0; change < changes; change += 1) changeFrames(random, frames);
  const bytes = Buffer.concat(frames);
  const ends = random.chance(0.2) ? random.below(bytes.length) : bytes.length;
  return bytes.subarray(0, ends);
}

function changeFrames(random: Random, frames: Buffer[]): void {
  // The preface stays in most scripts, so that they get further.
  const index = random.chance(0.05) ? 0 : 1 + random.below(frames.length - 1);
  const frame = Buffer.from(frames[index]!);
  const at = random.below(Math.max(1, frame.length));
  const changes = [
    () => (frames[index] = withByte(frame, at, random.below(256))),
    () => (frames[index] = withByte(frame, at, frame[at]! ^ (1 << random.below(8)))),
    // The length, the type, the flags and the stream of the frame.
    () => (frames[index] = withByte(frame, random.below(9), random.below(256))),
    () => (frames[index] = withByte(frame, 8, random.below(16))),
    () => (frames[index] = Buffer.concat([frame.subarray(0, at), frame.subarray(at + 1 + random.below(20))])),
    () =>
      (frames[index] = Buffer.concat([frame.subarray(0, at), randomBytes(random, 20), frame.subarray(at)])),
    () => frames.splice(random.below(frames.length), 0, frame),
    () => frames.splice(index, 1),
    () => frames.splice(index, 2, ...frames.slice(index, index + 2).toReversed()),
  ] as const;
  random.pick(changes)();
  if (frames.length < 2) frames.push(ping());
}

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  if (at < bytes.length) bytes[at] = value;
  return bytes;
}

function randomBytes(random: Random, most: number): Buffer {
  return Buffer.from(Array.from({ length: random.below(most) }, () => random.below(256)));
}

/** A script is over when the hub answers this PING. */
const lastPing = Buffer.from("the end.");

/** The time for the hub to handle a script that ends within a frame. The hub then rightly waits for the rest. */
const incompleteMs = 20;

/** True if the bytes end with a frame, so that the hub has to answer or to close the connection. */
function isWhole(bytes: Buffer): boolean {
  if (!bytes.subarray(0, preface.length).equals(preface)) return false;
  let at = preface.length;
  while (at + 9 <= bytes.length) at += 9 + bytes.readUIntBE(at, 3);
  return at === bytes.length;
}

/** Sends one changed script in random pieces, ends the connection, and waits until the hub has closed it. */
export async function runScript(port: number, seed: number): Promise<FuzzResult> {
  const random = new Random(seed);
  const script = changedScript(random);
  const bytes = Buffer.concat([script, ping(lastPing)]);
  // A closed connection blocks its port for a minute, so the connections come from many addresses.
  const localAddress = `127.0.1.${1 + (seed % 200)}`;
  const socket = createConnection({ port, host: "127.0.0.1", localAddress, allowHalfOpen: true });
  const reader = new FrameReader();
  const errors: string[] = [];
  let answers = 0;
  let onPing: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => (onPing = resolve));
  socket.on("data", (piece) => {
    for (const { type, payload } of reader.take(piece)) {
      if (type === types.ping && payload.equals(lastPing)) onPing();
      if (type === types.headers) answers += 1;
      if (type === types.rstStream) errors.push(errorNames[payload.readUInt32BE()] ?? "unknown");
      if (type === types.goaway) errors.push(errorNames[payload.readUInt32BE(4)] ?? "unknown");
    }
  });
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.once("end", () => socket.destroy());
  for (let at = 0; at < bytes.length;) {
    const end = random.chance(0.5) ? bytes.length : at + 1 + random.below(bytes.length - at);
    socket.write(bytes.subarray(at, end));
    at = end;
    if (at < bytes.length) await new Promise((resolve) => setImmediate(resolve));
  }
  const handled = Promise.race([answered, closed]);
  if (isWhole(script)) await before(handled, { within, missing: `an answer to the script of seed ${seed}` });
  else await Promise.race([handled, new Promise((resolve) => setTimeout(resolve, incompleteMs))]);
  socket.end();
  await before(closed, { within, missing: `the hub has not closed the connection of seed ${seed}` });
  return { errors, answers };
}

export interface FuzzOptions {
  /** A plain port on which the hub accepts HTTP/2. */
  readonly port: number;
  readonly firstSeed: number;
  readonly scripts: number;
  /** @default 32 */
  readonly atOnce?: number;
}

/** Runs scripts. Returns how often each error has come, and the number of answers. */
export async function runScripts(options: FuzzOptions): Promise<{
  readonly errors: ReadonlyMap<string, number>;
  readonly answers: number;
}> {
  const { port, firstSeed, scripts, atOnce = 32 } = options;
  const errors = new Map<string, number>();
  let answers = 0;
  let next = firstSeed;
  const runner = async (): Promise<void> => {
    while (next < firstSeed + scripts) {
      const seed = next;
      next += 1;
      const result = await runScript(port, seed);
      answers += result.answers;
      for (const error of result.errors) errors.set(error, (errors.get(error) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runner));
  return { errors, answers };
}

import type { Channel } from "../../src/delivery/channel.js";
import type { Connection } from "../../src/delivery/connection.js";
import type { EndReason } from "../../src/delivery/joining/open-stream.js";
import { TinyParser } from "./tiny-format.js";
import type { Line } from "./tiny-format.js";

/**
 * The moment when a client receives bytes: during the write, when the test calls `drain`, or never. With `fence`
 * pacing, clients receive bytes when the test calls `fence` instead.
 */
export type Appetite = "at-once" | "when-told" | "never";

/** A client of the fake channel, with the bytes that it has received. */
export class FakeClient {
  readonly name: string;
  appetite: Appetite;
  readonly lines: Line[] = [];
  /** The bodies of all writes: the same Buffer objects. */
  readonly writes: Buffer[] = [];
  /** The reason of the end. */
  reason: EndReason | undefined;
  outcome: "open" | "ended" | "cut" | "disconnected" = "open";
  busy = false;
  /** The bytes that have left the process; undefined if the channel does not know. */
  sentBytes: number | undefined;
  /** True if the client has disconnected. */
  isGone = false;
  connection: Connection<FakeClient> | undefined;
  readonly #parser = new TinyParser();

  constructor(name: string, appetite: Appetite) {
    this.name = name;
    this.appetite = appetite;
  }

  /** The offsets of the received events, in order of receipt. */
  get offsets(): number[] {
    return this.lines.flatMap((line) => (line.kind === "event" ? [line.offset] : []));
  }

  get gaps(): (Line & { readonly kind: "gap" })[] {
    return this.lines.filter((line) => line.kind === "gap");
  }

  /** True if every received line is complete. */
  get isWhole(): boolean {
    return this.#parser.isWhole;
  }

  receive(body: Buffer): void {
    if (this.busy) throw new Error(`${this.name} was written to while it was busy`);
    if (this.outcome !== "open")
      throw new Error(`${this.name} was written to although it is ${this.outcome}`);
    if (body.length === 0) throw new Error(`${this.name} was sent nothing, which is a close to Mongrel2`);
    this.busy = true;
    this.writes.push(body);
    this.lines.push(...this.#parser.push(body));
  }
}

export interface FakeChannelOptions {
  readonly pacing: "drain" | "fence";
  readonly maxWriteBytes?: number;
  readonly roundBytes?: number;
  /** With `delayed`, the channel hands bytes over when the test calls {@link FakeChannel.handOver}. */
  readonly handover?: "at-once" | "delayed";
}

/**
 * A channel whose clients receive bytes when the test decides. The channel throws on calls that a real channel cannot
 * serve.
 */
export class FakeChannel implements Channel<FakeClient> {
  readonly pacing: "drain" | "fence";
  readonly maxWriteBytes: number;
  readonly members = new Set<Connection<FakeClient>>();
  rounds = 0;
  /** Called for each client that has drained. Set this property to the fan-out's `drained`. */
  drained: (connection: Connection<FakeClient>) => void = () => undefined;
  readonly #options: FakeChannelOptions;
  #unhanded: (() => void)[] = [];
  readonly #inFlight = new Set<FakeClient>();

  constructor(options: FakeChannelOptions) {
    this.pacing = options.pacing;
    this.maxWriteBytes = options.maxWriteBytes ?? Number.POSITIVE_INFINITY;
    this.#options = options;
  }

  roundBytes(): number {
    return this.#options.roundBytes ?? Number.POSITIVE_INFINITY;
  }

  write(connection: Connection<FakeClient>, body: Buffer): void {
    if (body.length > this.maxWriteBytes) throw new Error("a write is over the limit of a write");
    const client = connection.handle;
    client.receive(body);
    this.#inFlight.add(client);
    if (this.pacing === "drain" && client.appetite === "at-once") this.drain(client);
  }

  writeRound(members: ReadonlySet<Connection<FakeClient>>, body: Buffer): void {
    if (members.size === 0) throw new Error("a round to nobody cannot be framed");
    if (members.size !== [...members].filter((member) => this.members.has(member)).length) {
      throw new Error("a round goes to a member that the channel was not told of");
    }
    this.rounds += 1;
    for (const member of members) this.write(member, body);
  }

  sentBytes({ handle }: Connection<FakeClient>): number | undefined {
    return handle.sentBytes;
  }

  whenHandedOver(action: () => void): void {
    if (this.#options.handover === "delayed") this.#unhanded.push(action);
    else action();
  }

  joined(connection: Connection<FakeClient>): void {
    if (this.members.has(connection)) throw new Error("a connection joined twice");
    this.members.add(connection);
  }

  left(connection: Connection<FakeClient>): void {
    if (!this.members.delete(connection)) throw new Error("a connection left that had not joined");
  }

  end(connection: Connection<FakeClient>, reason: EndReason, last: Buffer): void {
    if (connection.handle.busy) throw new Error("a busy connection was ended");
    if (last.length > 0) connection.handle.receive(last);
    connection.handle.busy = false;
    connection.handle.outcome = "ended";
    connection.handle.reason = reason;
  }

  cut(connection: Connection<FakeClient>): void {
    connection.handle.outcome = "cut";
    this.#inFlight.delete(connection.handle);
  }

  flush(): void {}

  /** The client receives the written bytes. Returns false if there were no written bytes. */
  drain(client: FakeClient): boolean {
    if (!client.busy || client.connection === undefined) return false;
    client.busy = false;
    this.#inFlight.delete(client);
    this.drained(client.connection);
    return true;
  }

  /** The server has accepted everything. The channel reports all clients with written bytes at once. */
  fence(): void {
    const taken = [...this.#inFlight];
    for (const client of taken) this.drain(client);
  }

  /** True while a caller waits for the hand-over. */
  get isHandingOver(): boolean {
    return this.#unhanded.length > 0;
  }

  handOver(): void {
    for (const action of this.#unhanded.splice(0)) action();
  }

  /** Reports that the client has disconnected, as a server or socket does. */
  forget(client: FakeClient): void {
    client.outcome = "disconnected";
    this.#inFlight.delete(client);
  }
}

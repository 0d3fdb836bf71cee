import { Push, Reply, Subscriber } from "zeromq";
import { encodeTnetstring, type TnetValue } from "../../src/fronts/mongrel2/wire/tnetstring.js";
import { atTestEnd, type OnEnd } from "./on-end.js";
import { Changes } from "./wait-for.js";

/** One message that the fake received from the handler. */
export interface HandlerMessage {
  readonly sender: string;
  readonly control: boolean;
  readonly ids: readonly number[];
  readonly body: Buffer;
}

/** One connection in the answer to `status net`. All ages are in seconds. */
export interface FakeRow {
  readonly id: number;
  readonly lastPing?: number;
  readonly lastRead?: number;
  readonly lastWrite?: number;
}

export interface FakeOptions {
  /** True: requests carry DOWNLOAD_CREDITS, and each delivery is answered with credits. @default off */
  readonly flowControl?: boolean;
  /** The prefix to which the server subscribes. @default everything */
  readonly recvIdent?: string;
  readonly onEnd?: OnEnd;
}

/** The sender in the requests of the fake. */
export const uuid = "54c6755b-9628-40a4-9a2d-cc82a816345e";

/**
 * Plays the side of Mongrel2 that a handler sees, over real ZeroMQ sockets with ports of its own. The fake stores the
 * ids that it has assigned. The fake answers a message for any other id with a disconnect notice, in order. With flow
 * control the fake answers deliveries with credits.
 *
 * The fake has no HTTP side: `request` plays a client. Switches such as `answering` produce faults. Add further
 * switches in `#take`.
 */
export class FakeMongrel2 {
  /**
   * False: the fake reads messages and sends no answers, like a stopped server. `answerAgain` sends the missing answers
   * later.
   */
  answering = true;
  /** False: the fake sends no credits by itself; `credit` sends one. */
  crediting = true;
  /** The answer to `status net`. If undefined, the control port reads the question and never answers. */
  rows: readonly FakeRow[] | undefined = [];
  readonly messages: HandlerMessage[] = [];
  /** The number of questions that the control port has received. */
  questions = 0;
  readonly changes = new Changes();
  readonly #options: FakeOptions;
  readonly #ids = new Set<number>();
  #push: Push | undefined;
  #subscriber: Subscriber | undefined;
  #control: Reply | undefined;
  #endpoints = { send: "tcp://127.0.0.1:*", recv: "tcp://127.0.0.1:*", control: "tcp://127.0.0.1:*" };
  #due: string[] = [];
  #sending: Promise<void> = Promise.resolve();

  constructor(options: FakeOptions = {}) {
    this.#options = options;
  }

  get sendSpec(): string {
    return this.#endpoints.send;
  }

  get recvSpec(): string {
    return this.#endpoints.recv;
  }

  get controlSpec(): string {
    return this.#endpoints.control;
  }

  /** The open connections. */
  get ids(): ReadonlySet<number> {
    return this.#ids;
  }

  /**
   * Binds the sockets. After `stop`, the fake binds the same addresses again. The new run knows no id of the old run.
   */
  async start(): Promise<void> {
    this.#ids.clear();
    const push = new Push({ linger: 0, sendTimeout: 10_000 });
    const subscriber = new Subscriber({ linger: 0 });
    const control = new Reply({ linger: 0 });
    // The system releases an address shortly after `stop`.
    while (!(await bound(push, this.#endpoints.send)));
    while (!(await bound(subscriber, this.#endpoints.recv)));
    while (!(await bound(control, this.#endpoints.control)));
    this.#endpoints = {
      send: push.lastEndpoint ?? "",
      recv: subscriber.lastEndpoint ?? "",
      control: control.lastEndpoint ?? "",
    };
    subscriber.subscribe(this.#options.recvIdent ?? "");
    [this.#push, this.#subscriber, this.#control] = [push, subscriber, control];
    void this.#read(subscriber);
    void this.#answer(control);
  }

  /** Ends the run. Safe to call twice. */
  stop(): void {
    this.#push?.close();
    this.#subscriber?.close();
    this.#control?.close();
    this.#push = this.#subscriber = this.#control = undefined;
    this.#due = [];
  }

  /**
   * Breaks the handler's connection for deliveries, and accepts a new one. The run continues, and its ids stay valid.
   */
  async resubscribe(): Promise<void> {
    this.#subscriber?.close();
    const subscriber = new Subscriber({ linger: 0 });
    // The system releases the address shortly after the close.
    while (!(await bound(subscriber, this.#endpoints.recv)));
    subscriber.subscribe(this.#options.recvIdent ?? "");
    this.#subscriber = subscriber;
    void this.#read(subscriber);
  }

  /** Sends the request of a client with this id: a GET if `body` is empty, else a POST. */
  async request(id: number, path = "/esupdates", body = ""): Promise<void> {
    const credits = this.#options.flowControl === true && !this.#ids.has(id);
    this.#ids.add(id);
    const headers = JSON.stringify({
      PATH: path,
      METHOD: body === "" ? "GET" : "POST",
      VERSION: "HTTP/1.1",
      URI: path,
      PATTERN: path,
      ...(credits ? { DOWNLOAD_CREDITS: "102400" } : {}),
    });
    await this.send(`${uuid} ${id} ${path} ${headers.length}:${headers},${body.length}:${body},`);
  }

  /** The client disconnects. */
  async disconnect(id: number): Promise<void> {
    this.#ids.delete(id);
    await this.send(disconnectNotice(id));
  }

  async credit(id: number, bytes: number): Promise<void> {
    await this.send(creditsNotice(id, bytes));
  }

  /** Sends any frame. */
  send(frame: string): Promise<void> {
    const push = this.#push;
    this.#sending = this.#sending.then(() => push?.send(frame)).catch(() => undefined);
    return this.#sending;
  }

  /** Sets `answering` to true, and sends the answers that the fake held back while `answering` was false. */
  async answerAgain(): Promise<void> {
    this.answering = true;
    const due = this.#due;
    this.#due = [];
    for (const frame of due) await this.send(frame);
  }

  /** The deliveries to this id, without fences, closes and control messages. */
  bodiesOf(id: number): readonly string[] {
    return this.messages
      .filter(({ control, ids, body }) => !control && body.length > 0 && ids.includes(id))
      .map(({ body }) => body.toString("latin1"));
  }

  async #read(subscriber: Subscriber): Promise<void> {
    try {
      for await (const [frame] of subscriber) if (frame !== undefined) this.#take(parseMessage(frame));
    } catch {
      // The socket was closed.
    }
  }

  #take(message: HandlerMessage): void {
    this.messages.push(message);
    for (const id of message.ids) {
      if (!this.#ids.has(id)) this.#reply(disconnectNotice(id | 0));
      else if (message.control) continue;
      else if (message.body.length === 0) this.#ids.delete(id);
      else if (this.#options.flowControl === true && this.crediting)
        this.#reply(creditsNotice(id, message.body.length));
    }
    this.changes.changed();
  }

  #reply(frame: string): void {
    if (this.answering) void this.send(frame);
    else this.#due.push(frame);
  }

  async #answer(control: Reply): Promise<void> {
    try {
      for await (const [question] of control) {
        if (question !== undefined) this.questions += 1;
        this.changes.changed();
        if (this.rows === undefined) return;
        await control.send(encodeStatus(this.rows));
      }
    } catch {
      // The socket was closed.
    }
  }
}

/** Starts a fake Mongrel2. The fake is stopped after the test. */
export async function startFakeMongrel2(options: FakeOptions = {}): Promise<FakeMongrel2> {
  const server = new FakeMongrel2(options);
  await server.start();
  (options.onEnd ?? atTestEnd)(() => server.stop());
  return server;
}

function bound(socket: Push | Subscriber | Reply, endpoint: string): Promise<boolean> {
  return socket.bind(endpoint).then(
    () => true,
    () => false,
  );
}

/** The notice of an id that has no connection, or no more. */
export function disconnectNotice(id: number): string {
  return `${uuid} ${id} @* 17:{"METHOD":"JSON"},21:{"type":"disconnect"},`;
}

/** The notice that a client has received this many bytes. */
export function creditsNotice(id: number, bytes: number): string {
  const headers = `{"METHOD":"JSON","DOWNLOAD_CREDITS":"${bytes}"}`;
  return `${uuid} ${id} @* ${headers.length}:${headers},18:{"type":"credits"},`;
}

/** Parses a message of a handler. */
export function parseMessage(frame: Buffer): HandlerMessage {
  const head = /^([A-Za-z0-9-]+) (\d+):/.exec(frame.toString("latin1", 0, 100));
  if (head === null) throw new Error(`no message of a handler: ${frame.toString("latin1", 0, 100)}`);
  const start = head[0].length;
  const end = start + Number(head[2]);
  const words = frame.toString("latin1", start, end).split(" ");
  const control = words[0] === "X";
  const ids = (control ? words.slice(1) : words).map(Number);
  return { sender: head[1] ?? "", control, ids, body: frame.subarray(end + 2) };
}

function encodeStatus(rows: readonly FakeRow[]): Buffer {
  const names = ["id", "fd", "type", "last_ping", "last_read", "last_write", "bytes_read", "bytes_written"];
  const cells = rows.map(({ id, lastPing = 0, lastRead = 0, lastWrite = 0 }) => {
    return [id, 20, 1, lastPing, lastRead, lastWrite, 44, 0];
  });
  const table: ReadonlyMap<string, readonly TnetValue[]> = new Map<string, readonly TnetValue[]>([
    ["headers", names],
    ["rows", cells],
  ]);
  return encodeTnetstring(table);
}

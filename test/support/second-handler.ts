import { startChild, type Child } from "./ipc.js";
import type { OnEnd } from "./on-end.js";
import { connectRaw, type RawConnection } from "./raw-http.js";
import type { HandlerProtocol, HandlerState } from "./second-handler-protocol.js";
import { before } from "./wait-for.js";

export type { HandlerState } from "./second-handler-protocol.js";

/** The response head for a client of the second handler, and the line that follows repeatedly. */
export const handlerHead = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n";
export const handlerTick = "a line of the second handler\n";

/** A report on the clients of a second handler. */
export interface OtherClientsReport {
  readonly clients: number;
  /** Clients whose connection has ended. */
  readonly closed: number;
  /** Clients that received any bytes that the second handler did not send. */
  readonly foreign: number;
  /** The first foreign bytes. */
  readonly sample: string;
  /** The smallest number of bytes that a client has received. */
  readonly leastBytes: number;
}

/** A second real handler on a Mongrel2 that Pharos also uses. Pharos must not disturb the clients of this handler. */
export class SecondHandler {
  readonly #child: Child<HandlerProtocol>;
  readonly #clients = new Set<RawConnection>();

  constructor(child: Child<HandlerProtocol>) {
    this.#child = child;
  }

  async state(): Promise<HandlerState> {
    return this.#child.call("state", null);
  }

  /** Opens clients one after another, and waits until each client has the response head and a line. */
  async open(options: {
    readonly port: number;
    readonly path: string;
    readonly clients: number;
  }): Promise<void> {
    for (let n = 0; n < options.clients; n += 1) {
      const client = await connectRaw({ port: options.port });
      client.write(`GET ${options.path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      await client.readUntil(handlerTick, { within: 30_000 });
      this.#clients.add(client);
    }
  }

  /** Drops the clients, after their server has ended. */
  dropClients(): void {
    for (const client of this.#clients) client.close();
    this.#clients.clear();
  }

  /**
   * Waits until each client has received another line. Each client then also has everything that the handler sent
   * before this line. Returns the report.
   */
  async report(): Promise<OtherClientsReport> {
    const waits = [...this.#clients].map((client) => anotherLine(client));
    await Promise.allSettled(waits);
    const clients = [...this.#clients];
    const foreign = clients.filter((client) => !isOwn(client.text));
    return {
      clients: clients.length,
      closed: clients.filter((client) => client.closed).length,
      foreign: foreign.length,
      sample: foreign[0]?.text.replaceAll(handlerTick, "").slice(0, 300) ?? "",
      leastBytes: Math.min(...clients.map((client) => client.length)),
    };
  }
}

/**
 * Starts a second handler, and waits until the server accepts the handler's messages. The handler ends with the test.
 */
export async function startSecondHandler(options: {
  readonly sendSpec: string;
  readonly recvSpec: string;
  readonly onEnd?: OnEnd;
}): Promise<SecondHandler> {
  const { sendSpec, recvSpec, onEnd } = options;
  const entry = new URL("./second-handler-worker.ts", import.meta.url);
  const child = startChild<HandlerProtocol>({ entry, ...(onEnd === undefined ? {} : { onEnd }) });
  await before(child.call("start", { sendSpec, recvSpec }), {
    within: 30_000,
    missing: "the server does not subscribe to the second handler",
  });
  return new SecondHandler(child);
}

async function anotherLine(client: RawConnection): Promise<void> {
  const bytes = client.length + handlerTick.length;
  await client.readUntil(() => client.length >= bytes, { within: 60_000 });
}

/** True for the response head and any number of lines. The last line may be incomplete. */
function isOwn(text: string): boolean {
  if (!text.startsWith(handlerHead)) return false;
  const lines = text.slice(handlerHead.length);
  const expected = handlerTick.repeat(Math.ceil(lines.length / handlerTick.length));
  return expected.startsWith(lines);
}

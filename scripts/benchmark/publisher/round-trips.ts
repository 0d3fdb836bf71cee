import { once } from "node:events";
import type { Socket } from "node:net";
import { Changes } from "../../../test/support/wait-for.js";
import type { ClientKind } from "../candidate/client-kind.js";
import { openSocket } from "../machine/open-socket.js";
import { monotonicUs } from "./payload.js";
import type { Publishing } from "./publishing.js";

const withinMs = 20_000;
/** No new round trip begins after this time, so a slow server has fewer round trips. */
const stopAfterMs = 1500;

/** A subscriber in the publisher's process. The subscriber stores the highest sequence number that it has received. */
class Subscriber {
  readonly #socket: Socket;
  readonly #changes = new Changes();
  #text = "";
  #highest = 0;
  #open = false;
  /** The text from the server that confirms the subscription. */
  readonly #openMark: string;
  constructor(socket: Socket, client: ClientKind) {
    this.#socket = socket;
    socket.setEncoding("latin1").on("data", (text: string) => this.#take(text));
    const webSocket =
      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    const kind = client.kind === "socketio" ? webSocket : "Accept: text/event-stream\r\n";
    socket.write(`GET ${client.path.replace("{stream}", "0")} HTTP/1.1\r\nHost: localhost\r\n${kind}\r\n`);
    this.#openMark = client.kind === "socketio" ? '40{"sid"' : "\r\n\r\n";
  }
  async untilOpen(): Promise<void> {
    await this.#changes.until(() => this.#open, {
      within: withinMs,
      missing: "the subscriber's stream is not open",
    });
  }

  async until(sequence: number): Promise<void> {
    await this.#changes.until(() => this.#highest >= sequence, {
      within: withinMs,
      missing: `publication ${sequence} has not arrived`,
    });
  }

  async close(): Promise<void> {
    this.#socket.destroy();
    await once(this.#socket, "close");
  }

  #take(text: string): void {
    this.#text = (this.#text + text).slice(-4096);
    if (!this.#open && this.#openMark !== "\r\n\r\n" && this.#text.includes('0{"sid"')) this.#join();
    this.#open ||= this.#text.includes(this.#openMark);
    for (const [, sequence] of this.#text.matchAll(/~(\d+) \d+ 0~/g))
      this.#highest = Math.max(this.#highest, Number(sequence));
    this.#changes.changed();
  }

  /** Sends socket.io's packet "40" in a masked text frame whose mask is zero [RFC 6455 5.2]. */
  #join(): void {
    if (!this.#text.includes("40{")) this.#socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]));
  }
}

/**
 * Publishes one event, waits until this event arrives, then publishes the next event. Returns the delays in
 * microseconds, in order.
 */
export async function roundTrips(options: {
  readonly publishing: Publishing;
  readonly port: number;
  readonly client: ClientKind;
  readonly count: number;
}): Promise<readonly number[]> {
  const subscriber = new Subscriber(await openSocket(options.port), options.client);
  await subscriber.untilOpen();
  const delays: number[] = [];
  // The first round trips warm up the just-in-time compiler.
  const warmUp = Math.ceil(options.count / 5);
  const until = performance.now() + stopAfterMs;
  for (let trip = 0; trip < warmUp + options.count; trip++) {
    if (delays.length > 0 && performance.now() > until) break;
    const startUs = monotonicUs();
    const { total } = await options.publishing.publish(1);
    await subscriber.until(total);
    if (trip >= warmUp) delays.push(monotonicUs() - startUs);
  }
  await subscriber.close();
  return delays;
}

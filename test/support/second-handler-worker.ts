import { Pull, XPublisher } from "zeromq";
import { parseMongrel2Frame } from "../../src/fronts/mongrel2/wire/request.js";
import { frameDelivery, frameTargets } from "../../src/fronts/mongrel2/wire/response.js";
import { answerCalls } from "./ipc.js";
import { handlerHead, handlerTick } from "./second-handler.js";
import type { HandlerProtocol, HandlerState } from "./second-handler-protocol.js";

const sender = "second-handler";
const tickMs = 50;

/**
 * Answers each request with a response head. Also sends one line to all clients of this handler, twenty times a second.
 */
class SecondHandler {
  readonly #publisher = new XPublisher({ immediate: true, sendHighWaterMark: 0, sendTimeout: 0, linger: 0 });
  readonly #pull = new Pull({ linger: 0 });
  readonly #ids = new Set<number>();
  #gone = 0;
  #ticks = 0;
  #subscribed = 0;
  #begun: () => void = () => undefined;

  async start(specs: { readonly sendSpec: string; readonly recvSpec: string }): Promise<void> {
    this.#publisher.verbosity = "allSubs";
    this.#pull.connect(specs.sendSpec);
    this.#publisher.connect(specs.recvSpec);
    const begun = new Promise<void>((resolve) => {
      this.#begun = resolve;
    });
    void this.#watch();
    void this.#read();
    setInterval(() => this.#tick(), tickMs);
    await begun;
  }

  state(): HandlerState {
    return { ids: [...this.#ids], gone: this.#gone, ticks: this.#ticks, subscribed: this.#subscribed };
  }

  async #watch(): Promise<void> {
    for await (const [message] of this.#publisher) {
      // The server has started again, without the clients of the old run.
      this.#ids.clear();
      if (message?.[0] !== 1) continue;
      this.#subscribed += 1;
      this.#begun();
    }
  }

  async #read(): Promise<void> {
    for await (const [frame] of this.#pull) {
      const parsed = frame === undefined ? undefined : parseMongrel2Frame(frame);
      if (parsed?.kind === "disconnect") this.#gone += this.#ids.delete(parsed.id) ? 1 : 0;
      else if (parsed?.kind === "request") this.#greet(parsed.request.id);
    }
  }

  #greet(id: number): void {
    this.#ids.add(id);
    this.#send([id], handlerHead);
  }

  #tick(): void {
    if (this.#ids.size === 0) return;
    this.#ticks += 1;
    this.#send([...this.#ids], handlerTick);
  }

  #send(ids: readonly number[], text: string): void {
    void this.#publisher.send(frameDelivery(frameTargets(sender, ids), Buffer.from(text))).catch(() => 0);
  }
}

const handler = new SecondHandler();
answerCalls<HandlerProtocol>({ start: (specs) => handler.start(specs), state: () => handler.state() });

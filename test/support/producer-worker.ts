import { Push } from "zeromq";
import { answerCalls } from "./ipc.js";
import { defaultStream, encodePayload, monotonicUs } from "./load/payload.js";
import type { ProducedTopic, ProducerProtocol, ProducerSpec, Production } from "./producer-protocol.js";

const rateEveryMs = 250;
const defaultTopics: readonly ProducedTopic[] = [{}];

/** Sends publications at the given rate, and counts the publications. A send waits until ZeroMQ accepts the message. */
class Producing {
  readonly #spec: ProducerSpec;
  readonly #socket: Push;
  readonly #last = new Map<string, number>();
  readonly #rates: number[] = [];
  readonly #done: Promise<void>;
  #startedAt = performance.now();
  #endedAt: number | undefined;
  #sent = 0;
  #ratedSent = 0;
  #stopped = false;
  #wake: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;

  constructor(spec: ProducerSpec, socket: Push) {
    this.#spec = spec;
    this.#socket = socket;
    for (const topic of spec.topics ?? defaultTopics)
      this.#last.set(topic.stream ?? defaultStream, (spec.firstSequence ?? 1) - 1);
    const timer = setInterval(() => this.#rate(), rateEveryMs);
    this.#done = this.#run().finally(() => clearInterval(timer));
  }

  state(): Production {
    const seconds = ((this.#endedAt ?? performance.now()) - this.#startedAt) / 1000;
    return {
      sent: this.#sent,
      last: this.#last,
      rates: this.#rates,
      seconds,
      perSecond: seconds === 0 ? 0 : this.#sent / seconds,
    };
  }

  async done(): Promise<Production> {
    await this.#done;
    return this.state();
  }

  /** Stops before the next send. If a send waits, the producer abandons this send but counts it as sent. */
  stop(): Production {
    this.#stopped = true;
    this.#wake();
    return this.state();
  }

  async #run(): Promise<void> {
    const stopped = new Promise<void>((resolve, reject) => {
      this.#wake = resolve;
      this.#fail = reject;
    });
    await Promise.race([this.#produce(), stopped]);
    this.#endedAt = performance.now();
  }

  async #produce(): Promise<void> {
    const count = this.#spec.count ?? Infinity;
    while (this.#sent < count && !this.#stopped) {
      const due = Math.min(this.#dueNow(), count);
      while (this.#sent < due && !this.#stopped) {
        const waiting = this.#sendOne();
        if (waiting !== undefined) await waiting;
      }
      if (this.#sent < count) await this.#untilDue();
    }
  }

  /** The number of publications that are due by now. */
  #dueNow(): number {
    const pace = this.#spec.pace ?? { kind: "flat-out" };
    const seconds = (performance.now() - this.#startedAt) / 1000;
    switch (pace.kind) {
      case "flat-out":
        // Returns to the event loop regularly, so that this process can answer requests of the parent.
        return this.#sent + 1000;
      case "rate":
        return Math.floor(seconds * pace.perSecond) + 1;
      case "bursts":
        return (Math.floor(seconds * pace.perSecond) + 1) * pace.size;
      default:
        return unknownPace(pace);
    }
  }

  async #untilDue(): Promise<void> {
    const flatOut = (this.#spec.pace?.kind ?? "flat-out") === "flat-out";
    await new Promise((resolve) => (flatOut ? setImmediate(resolve) : setTimeout(resolve, 1)));
  }

  /** Sends the next publication. Returns a promise only if ZeroMQ does not accept the message at once. */
  #sendOne(): Promise<void> | undefined {
    const topics = this.#spec.topics ?? defaultTopics;
    const topic = topics[this.#sent % topics.length] ?? {};
    const stream = topic.stream ?? defaultStream;
    const sequence = (this.#last.get(stream) ?? 0) + 1;
    this.#last.set(stream, sequence);
    this.#sent += 1;
    const payload = encodePayload({
      stream,
      sequence,
      sentUs: monotonicUs(),
      bytes: this.#spec.bytes ?? 200,
    });
    const frames = this.#frames(topic.topic, payload);
    return this.#socket.writable ? this.#sendNow(frames) : this.#sendWaiting(frames);
  }

  /**
   * Sends without a wait, which is several times faster than an `await` for each message. Without a time-out, a
   * writable socket accepts the message before `send` returns.
   */
  #sendNow(frames: string[]): undefined {
    this.#socket.send(frames).catch(this.#fail);
    return undefined;
  }

  /** Waits until ZeroMQ accepts the message. This is the back-pressure on a publisher. */
  async #sendWaiting(frames: string[]): Promise<void> {
    this.#socket.sendTimeout = -1;
    await this.#socket.send(frames);
    this.#socket.sendTimeout = 0;
  }

  #frames(topic: string | undefined, payload: string): string[] {
    const { lineEnd = "\n", options } = this.#spec;
    if (topic === undefined) return [`data: ${payload}${lineEnd}`];
    return options === undefined ? [topic, payload] : [topic, payload, JSON.stringify(options)];
  }

  #rate(): void {
    this.#rates.push((this.#sent - this.#ratedSent) * (1000 / rateEveryMs));
    this.#ratedSent = this.#sent;
  }
}

function unknownPace(pace: never): never {
  throw new TypeError(`no such pace: ${JSON.stringify(pace)}`);
}

let producing: Producing | undefined;

function current(): Producing {
  if (producing === undefined) throw new Error("the producer has not been started");
  return producing;
}

answerCalls<ProducerProtocol>({
  start: async (spec) => {
    const socket = new Push({ sendHighWaterMark: spec.sendHighWaterMark ?? 1000, sendTimeout: 0 });
    const address = spec.endpoint.replace(/^[@>]/, "");
    if (spec.endpoint.startsWith("@")) await socket.bind(address);
    else socket.connect(address);
    producing = new Producing(spec, socket);
  },
  state: () => current().state(),
  done: async () => current().done(),
  stop: () => current().stop(),
});

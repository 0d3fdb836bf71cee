import { streamUrl } from "./address.js";

const retryMs = { first: 2_000, longest: 60_000 };

/** Longer than the longest silence of a hub, whose streams have a heartbeat every 15 seconds. */
const silenceMs = 60_000;

/**
 * Follows the stream of these filters, and comes back after what ends it, with the position at which it was. Read with
 * `fetch` and not with EventSource: that has no token, hides why a server refuses, and gives only those types of events
 * that are known beforehand.
 *
 * `onState` gets `{kind: "connecting" | "open" | "waiting" | "closed", reason?, delayMs?, resumed?}`; `onItem` gets
 * `{kind: "event", id, topics, type, data, retained?}` and `{kind: "gap", id, …the notice}`.
 */
export class Stream {
  #options;
  #abort = new AbortController();
  #lastEventId;
  #failures = 0;
  #timer;

  constructor(options) {
    this.#options = options;
    this.#lastEventId = options.lastEventId ?? "";
    void this.#run();
  }

  get lastEventId() {
    return this.#lastEventId;
  }

  /** Ends it; nothing is told after that. */
  close() {
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  async #run() {
    const { signal } = this.#abort;
    this.#options.onState({ kind: "connecting" });
    const attempt = new AbortController();
    signal.addEventListener("abort", () => attempt.abort());
    const end = await this.#follow(attempt.signal).catch(() => ({ reason: "The connection is lost." }));
    attempt.abort(); // one that has fallen silent is still open
    if (signal.aborted) return;
    if (end.isFinal) {
      this.#options.onState({ kind: "closed", reason: end.reason });
      return;
    }
    const span = Math.min(retryMs.first * 2 ** this.#failures++, retryMs.longest);
    const delayMs = span * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => void this.#run(), delayMs);
    this.#options.onState({ kind: "waiting", reason: end.reason, delayMs });
  }

  async #follow(signal) {
    const reply = await this.#request(signal);
    if (typeof reply.reason === "string") return reply;
    this.#failures = 0;
    this.#options.onState({ kind: "open", resumed: this.#lastEventId !== "" });
    const parser = new Parser(this.#lastEventId, (event) => this.#take(event));
    const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = await within(silenceMs, reader.read());
      if (signal.aborted) return {};
      if (done) return { reason: "The server has ended the stream." };
      parser.push(value);
      this.#lastEventId = parser.lastEventId;
    }
  }

  async #request(signal) {
    const headers = { Accept: "text/event-stream" };
    if (this.#options.token) headers.Authorization = `Bearer ${this.#options.token}`;
    const url = new URL(streamUrl(this.#options.filters));
    url.search += `${url.search ? "&" : "?"}show=topics`;
    if (this.#lastEventId) url.search += `&last_event_id=${encodeURIComponent(this.#lastEventId)}`;
    const reply = await fetch(url, { signal, headers, cache: "no-store" }).catch(() => undefined);
    if (reply === undefined) return { reason: "The server cannot be reached." };
    const type = reply.headers.get("content-type") ?? "";
    if (reply.ok && type.startsWith("text/event-stream")) return reply;
    if (reply.ok)
      return {
        reason: `The server answered with ${type || "no type"}, not with an event stream.`,
        isFinal: true,
      };
    const problem = type.includes("json") ? await reply.json() : undefined;
    const reason = problem?.detail ?? problem?.title ?? `The server answered ${reply.status}.`;
    return { reason: String(reason).slice(0, 300), isFinal: reply.status < 500 && reply.status !== 429 };
  }

  #take({ id, topics, retained, type, data }) {
    if (type === "pharos-gap") this.#options.onItem({ kind: "gap", id, ...parseNotice(data) });
    else if (retained === undefined) this.#options.onItem({ kind: "event", id, topics, type, data });
    else this.#options.onItem({ kind: "event", id: retained, topics, type, data, retained: true });
  }
}

/**
 * Event-stream text, piece by piece [HTML 9.2.6], and the fields that the hub adds for those who ask it to show topics:
 * `topic`, and for a retained value, which moves no cursor, its id in `retained`.
 */
class Parser {
  lastEventId;
  #onEvent;
  #rest = "";
  #event = noEvent();

  constructor(lastEventId, onEvent) {
    this.lastEventId = lastEventId;
    this.#onEvent = onEvent;
  }

  push(text) {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    for (const line of lines) this.#line(line);
  }

  #line(line) {
    if (line === "") {
      const { data, ...event } = this.#event;
      this.#event = noEvent();
      if (data.length > 0) this.#onEvent({ ...event, id: this.lastEventId, data: data.join("\n") });
      return;
    }
    const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (name === "data") this.#event.data.push(value);
    if (name === "event") this.#event.type = value || "message";
    if (name === "topic") this.#event.topics.push(value);
    if (name === "retained") this.#event.retained = value;
    if (name === "id" && !value.includes("\u0000")) this.lastEventId = value;
  }
}

const noEvent = () => ({ data: [], type: "message", topics: [], retained: undefined });

function parseNotice(data) {
  try {
    return JSON.parse(data);
  } catch {
    return {};
  }
}

function within(ms, promise) {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("silence")), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

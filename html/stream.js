import { streamUrl } from "./address.js";

const probeTimeoutMs = 5_000;
const retryMs = { first: 2_000, longest: 60_000 };

/**
 * One followed stream: an EventSource, which reconnects by itself while it can, and what it cannot do: say why a
 * server refused, and come back after an answer that made the browser give up.
 * `onState` gets `{kind: "connecting" | "open" | "waiting" | "refused", detail?, retryAt?}`; `onEvent` every event.
 */
export class Stream {
  #options;
  #source;
  #timer;
  #failures = 0;
  #closed = false;
  #lastEventId = "";

  constructor(options) {
    this.#options = options;
    this.open();
  }

  /** Opens anew, at once; after a break it resumes where it was. */
  open() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#options.onState({ kind: "connecting" });
    const source = new EventSource(streamUrl(this.#options.topics, this.#lastEventId));
    this.#source = source;
    // A publisher may name a type `open` or `error`: then these two names bring messages too.
    for (const type of new Set(["open", "error", "message", "pharos-gap", ...this.#options.types])) {
      source.addEventListener(type, (event) => this.#handle(source, event));
    }
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#source.close();
  }

  #handle(source, event) {
    if (source !== this.#source || this.#closed) return;
    if (event instanceof MessageEvent) {
      this.#lastEventId = event.lastEventId;
      this.#options.onEvent(event);
    } else if (event.type === "open") {
      this.#failures = 0;
      this.#options.onState({ kind: "open" });
    } else if (source.readyState === EventSource.CLOSED) {
      void this.#explain(source);
    } else {
      this.#options.onState({
        kind: "waiting",
        detail: "The connection is lost. The browser tries again by itself.",
      });
    }
  }

  /** EventSource hides status and body of a refusal, so ask once more in a way that shows them. */
  async #explain(source) {
    const answer = await probe(streamUrl(this.#options.topics, this.#lastEventId));
    if (source !== this.#source || this.#closed) return;
    if (answer.final) {
      this.#options.onState({ kind: "refused", detail: answer.detail });
      return;
    }
    const waitMs = Math.min(retryMs.first * 2 ** this.#failures++, retryMs.longest) * (1 + Math.random() / 4);
    this.#timer = setTimeout(() => this.open(), waitMs);
    this.#options.onState({ kind: "waiting", detail: answer.detail, retryAt: Date.now() + waitMs });
  }
}

async function probe(url) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), probeTimeoutMs);
  try {
    const reply = await fetch(url, {
      signal: abort.signal,
      cache: "no-store",
      headers: { Accept: "text/event-stream" },
    });
    const type = reply.headers.get("content-type") ?? "";
    if (reply.ok && type.startsWith("text/event-stream"))
      return { final: false, detail: "The stream had ended." };
    if (reply.ok)
      return {
        final: true,
        detail: `The server answered with ${type || "no type"}, not with an event stream.`,
      };
    const detail =
      (type.includes("json") && problemDetail(await reply.json())) || `The server answered ${reply.status}.`;
    return { final: reply.status < 500 && reply.status !== 429, detail };
  } catch {
    return { final: false, detail: "The server cannot be reached." };
  } finally {
    clearTimeout(timer);
    abort.abort(); // an event stream would otherwise stay open beside the real one
  }
}

function problemDetail(problem) {
  const text = [problem?.detail, problem?.title].find((text) => typeof text === "string" && text);
  return text?.slice(0, 300);
}

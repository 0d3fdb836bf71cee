import type { Page } from "playwright-core";
import { startChromium } from "../../support/chromium.js";
import type { Recorder } from "../history/recorder.js";
import type { Subscriber } from "../history/steps.js";

/** What the page has noted, and not yet handed over. */
interface Noted {
  opened: number;
  hasGivenUp: boolean;
  readonly got: { readonly id: string; readonly data: string; readonly isGap: boolean }[];
}

type NotingWindow = typeof globalThis & { noted: Noted };

/** Chromium's own `EventSource` at `/esupdates`, without the library. It reconnects by itself. */
export class BrowserSubscriber implements Subscriber {
  readonly name = "chromium";
  readonly topics: readonly string[];
  readonly mayReadPrivate = false;
  readonly idFamily = "event-id";
  readonly #origin: string;
  readonly #recorder: Recorder;
  readonly #had = new Set<string>();
  #page: Page | undefined;

  constructor(options: {
    /** The origin of the hub, or of the server in front of it. */
    readonly origin: string;
    readonly topic: string;
    readonly recorder: Recorder;
  }) {
    this.topics = [options.topic];
    this.#origin = options.origin;
    this.#recorder = options.recorder;
  }

  /** Opens the page. Resolves when the stream is open. */
  async start(): Promise<void> {
    // A proxy in front of the hub has a certificate of its own.
    const browser = await startChromium({ ignoreHttpsErrors: true });
    this.#page = await browser.openPage(`${this.#origin}/healthz`);
    await this.#page.evaluate((topic) => {
      const noted: Noted = { opened: 0, hasGivenUp: false, got: [] };
      (globalThis as NotingWindow).noted = noted;
      const note = (isGap: boolean) => (event: MessageEvent<string>) =>
        void noted.got.push({ id: event.lastEventId, data: event.data, isGap });
      const source = new EventSource(`/esupdates?topic=${topic}`);
      source.addEventListener("error", () => (noted.hasGivenUp = source.readyState === EventSource.CLOSED));
      source.addEventListener("open", () => (noted.opened += 1));
      source.addEventListener("message", note(false));
      source.addEventListener("pharos-gap", note(true));
    }, this.topics[0]);
    await this.opened(1);
  }

  /** Resolves when the browser has opened its stream so often. */
  async opened(times: number): Promise<void> {
    const isOpen = (times: number): boolean => (globalThis as NotingWindow).noted.opened >= times;
    await this.#page?.waitForFunction(isOpen, times, { timeout: 120_000 });
  }

  /** Resolves when the browser has ended its stream for good. */
  async gaveUp(): Promise<void> {
    const isClosed = (): boolean => (globalThis as NotingWindow).noted.hasGivenUp;
    await this.#page?.waitForFunction(isClosed, null, { timeout: 120_000 });
  }

  /** Closes the page. */
  async stop(): Promise<void> {
    await this.#page?.close();
  }

  /** Hands over what the page has got. */
  async handOver(): Promise<void> {
    const got = await this.#page?.evaluate(() => (globalThis as NotingWindow).noted.got.splice(0));
    for (const { id, data, isGap } of got ?? []) {
      this.#had.add(data);
      if (isGap) this.#recorder.record({ kind: "gap", subscriber: this.name, reason: data });
      else this.#recorder.received(this.name, { id, data });
    }
  }

  /** Resolves when the page has this publication. */
  async has(data: string, options: { readonly within: number }): Promise<void> {
    await this.handOver();
    if (this.#had.has(data)) return;
    const isThere = (data: string): boolean =>
      (globalThis as NotingWindow).noted.got.some((each) => each.data === data);
    await this.#page?.waitForFunction(isThere, data, { timeout: options.within });
    await this.handOver();
  }
}

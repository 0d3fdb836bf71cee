import type { Page } from "playwright-core";
import type { connect, TransportName } from "../../src/client/index.js";
import type { BrokenSite } from "./broken-site.js";
import type { Chromium } from "./chromium.js";
import { waitFor } from "./wait-for.js";

const within = 60_000;

export const transports: readonly TransportName[] = ["event-stream", "websocket", "poll"];

/** What a page has got: the data of each event, ` retained` behind that of a retained one, and `gap`. */
interface Followed {
  readonly got: string[];
  readonly states: string[];
  readonly live: ReturnType<typeof connect>;
}

declare global {
  // A page of a test.
  var followed: Followed | undefined;
}

type Options = Omit<NonNullable<Parameters<typeof connect>[1]>, "token" | "signal" | "fetch">;

/** A page that follows topics through the library, as the hub serves it. */
export class Follower {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** What has come so far. */
  async got(): Promise<readonly string[]> {
    return this.page.evaluate(() => globalThis.followed?.got ?? []);
  }

  /** Until this has come. */
  async until(data: string): Promise<readonly string[]> {
    await this.#until(data, (data) => globalThis.followed?.got.includes(data));
    return this.got();
  }

  /** Until it was in this state. */
  async untilState(kind: string): Promise<void> {
    await this.#until(kind, (kind) => globalThis.followed?.states.includes(kind));
  }

  async #until(what: string, isSo: (what: string) => boolean | undefined): Promise<void> {
    await this.page.waitForFunction(isSo, what, { timeout: within }).catch(async (error: unknown) => {
      const { got, states } = await this.page.evaluate(() => ({
        got: globalThis.followed?.got ?? [],
        states: globalThis.followed?.states ?? [],
      }));
      const last = `${got.length} came, the last ${got.slice(-3).join()}; ${states.slice(-9).join()}`;
      throw new Error(`${what} is missing; ${last}`, { cause: error });
    });
  }
}

/**
 * Opens a page that follows, and waits until it does. The code is text: the test runner would turn an import in a function
 * into its own.
 *
 * @param options.bringToken called by the page, for each token; without it there is none
 */
export async function follow(
  browser: Chromium,
  site: Pick<BrokenSite, "url">,
  { bringToken, ...options }: Options & { readonly bringToken?: () => Promise<string> },
): Promise<Follower> {
  const page = await browser.openPage(`${site.url}openapi.json`);
  const follower = new Follower(page);
  if (bringToken !== undefined) await page.exposeFunction("bringToken", bringToken);
  await page.evaluate(`(async () => {
    const { connect } = await import("/pharos-client.js");
    const live = connect("/", { ...${JSON.stringify(options)}, token: globalThis.bringToken });
    globalThis.followed = { got: [], states: [], live };
    live.on("event", ({ data, retained }) => followed.got.push(retained ? data + " retained" : data));
    live.on("gap", () => followed.got.push("gap"));
    live.on("state", ({ kind }) => followed.states.push(kind));
  })()`);
  await follower.untilState("open");
  return follower;
}

/** Publishes numbers to a topic, from `from` up to, not including, `to`: a hundred at once, then a pause. */
export async function publishNumbers(
  site: Pick<BrokenSite, "publish">,
  [from, to]: readonly [number, number],
  { topic = "n", pauseMs = 10 }: { readonly topic?: string; readonly pauseMs?: number } = {},
): Promise<void> {
  for (let number = from; number < to; number += 1) {
    await site.publish(topic, String(number));
    if (number % 100 === 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Publishes `last` until a page has it: what is sent before the publisher is connected anew is nobody's. */
export async function publishLast(site: Pick<BrokenSite, "publish">, follower: Follower): Promise<void> {
  await waitFor(
    async () => {
      await site.publish("n", "last");
      return (await follower.got()).includes("last");
    },
    { within, everyMs: 500, missing: "the last event" },
  );
}

/** What came of numbers that were published once each, in order. */
export interface Tally {
  readonly events: number;
  /** Gaps that were told. */
  readonly gaps: number;
  /** Numbers that are missing where a gap was told. */
  readonly told: number;
  /** Numbers that are missing where none was told. */
  readonly lost: number;
  /** Numbers that came again, or behind a later one. */
  readonly doubled: number;
}

/** Counts what is wrong with a sequence of numbers from 0 up to, not including, `end`, in which gaps are said. */
export function tally(got: readonly string[], end: number): Tally {
  const found = { events: 0, gaps: 0, told: 0, lost: 0, doubled: 0 };
  let [next, isGap] = [0, false];
  const missing = (to: number): void => {
    found[isGap ? "told" : "lost"] += to - next;
    [next, isGap] = [to, false];
  };
  for (const data of got) {
    const number = Number(data);
    if (data === "gap") {
      found.gaps += 1;
      isGap = true;
    }
    if (Number.isNaN(number)) continue;
    found.events += 1;
    if (number < next) found.doubled += 1;
    else {
      missing(number);
      next = number + 1;
    }
  }
  missing(end);
  return found;
}

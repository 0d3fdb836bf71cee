import type { Page } from "playwright-core";
import type { connect, TransportName } from "../../src/client/index.js";
import type { BrokenSite } from "./broken-site.js";
import type { Chromium } from "./chromium.js";
import { waitFor } from "./wait-for.js";

const within = 60_000;

export const transports: readonly TransportName[] = ["event-stream", "websocket", "poll"];

/** The events of a page: `got` has the data of each event (with ` retained` after a retained value) and `gap`. */
interface Followed {
  readonly got: string[];
  readonly states: string[];
  readonly live: ReturnType<typeof connect>;
}

declare global {
  var followed: Followed | undefined;
}

type Options = Omit<NonNullable<Parameters<typeof connect>[1]>, "token" | "signal" | "fetch">;

/** A page that follows topics with the hub's own copy of the library. */
export class Follower {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** All data that has arrived so far. */
  async got(): Promise<readonly string[]> {
    return this.page.evaluate(() => globalThis.followed?.got ?? []);
  }

  /** Waits until this data has arrived. Returns all data. */
  async until(data: string): Promise<readonly string[]> {
    await this.#until(data, (data) => globalThis.followed?.got.includes(data));
    return this.got();
  }

  /** Waits until the connection has been in the state `kind` at least once. */
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
 * Opens a page that follows topics, and waits until the connection of the page is open. The code is a string, because
 * the test runner rewrites an import in a function.
 *
 * @param options.bringToken the page calls this function for each token; without the function the page has no token
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

/** Publishes the numbers from `from` up to, but not including, `to`. Pauses after each hundred. */
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

/**
 * Publishes `last` again and again until a page receives it. Messages are lost until the publisher has connected again.
 */
export async function publishLast(site: Pick<BrokenSite, "publish">, follower: Follower): Promise<void> {
  await waitFor(
    async () => {
      await site.publish("n", "last");
      return (await follower.got()).includes("last");
    },
    { within, everyMs: 500, missing: "the last event" },
  );
}

/** The result of publishing each number once, in order. */
export interface Tally {
  readonly events: number;
  /** Reported gaps. */
  readonly gaps: number;
  /** Missing numbers after a reported gap. */
  readonly told: number;
  /** Missing numbers without a reported gap. */
  readonly lost: number;
  /** Numbers that arrived twice, or after a higher number. */
  readonly doubled: number;
}

/** Counts the faults in a received sequence of the numbers from 0 up to, but not including, `end`. */
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

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext, type Page } from "playwright-core";
import { atTestEnd, type OnEnd } from "./on-end.js";

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Debian's Chromium with a profile of its own. */
export class Chromium {
  readonly #context: BrowserContext;

  constructor(context: BrowserContext) {
    this.#context = context;
  }

  /** Opens a page and waits until its document is parsed (an open event stream keeps `load` from meaning anything). */
  async openPage(url: string): Promise<Page> {
    const page = await this.#context.newPage();
    await page.goto(url, { waitUntil: "domcontentloaded", timeout: 60_000 });
    return page;
  }

  /** A page with nothing in it, whose origin is `about:blank`. */
  async emptyPage(): Promise<Page> {
    return this.#context.newPage();
  }

  async close(): Promise<void> {
    await this.#context.close();
  }
}

/** Starts the browser; it ends, and its profile goes, with the test. */
export async function startChromium(
  options: {
    /** @default the end of the running test */
    readonly onEnd?: OnEnd;
    /** @default "light" */
    readonly colorScheme?: "light" | "dark";
    /** True takes any certificate. @default false */
    readonly ignoreHttpsErrors?: boolean;
  } = {},
): Promise<Chromium> {
  const profile = await mkdtemp(join(tmpdir(), "pharos-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env["PHAROS_CHROMIUM"] ?? "/usr/bin/chromium",
    args: flags,
    timeout: 60_000,
    ignoreHTTPSErrors: options.ignoreHttpsErrors ?? false,
    ...(options.colorScheme === undefined ? {} : { colorScheme: options.colorScheme }),
  });
  const browser = new Chromium(context);
  (options.onEnd ?? atTestEnd)(async () => {
    await browser.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  });
  return browser;
}

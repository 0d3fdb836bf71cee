import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { afterAll } from "vitest";
import { atTestEnd } from "./on-end.js";

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

/** All tests of a file share one browser, because the start of a browser is slower than most tests. */
let running: Promise<Browser> | undefined;

afterAll(async () => {
  await (await running)?.close();
  running = undefined;
});

/** A Chromium context with an empty profile, for one test. */
export class Chromium {
  readonly #context: BrowserContext;

  constructor(context: BrowserContext) {
    this.#context = context;
  }

  /**
   * Opens a page and waits until the browser has parsed the document. With an open event stream, the `load` event may
   * never fire.
   */
  async openPage(url: string): Promise<Page> {
    const page = await this.#context.newPage();
    await page.goto(url, { waitUntil: "domcontentloaded", timeout: 60_000 });
    return page;
  }

  /** An empty page with the origin `about:blank`. */
  async emptyPage(): Promise<Page> {
    return this.#context.newPage();
  }

  async close(): Promise<void> {
    await this.#context.close();
  }
}

/** Opens the browser with an empty profile. The profile is closed after the test. */
export async function startChromium(
  options: {
    /** @default "light" */
    readonly colorScheme?: "light" | "dark";
    /** True: the browser accepts any certificate. @default false */
    readonly ignoreHttpsErrors?: boolean;
  } = {},
): Promise<Chromium> {
  running ??= chromium.launch({
    executablePath: process.env["PHAROS_CHROMIUM"] ?? "/usr/bin/chromium",
    args: flags,
    timeout: 60_000,
  });
  const browser = await running;
  const context = await browser.newContext({
    ignoreHTTPSErrors: options.ignoreHttpsErrors ?? false,
    ...(options.colorScheme === undefined ? {} : { colorScheme: options.colorScheme }),
  });
  const opened = new Chromium(context);
  atTestEnd(() => opened.close());
  return opened;
}

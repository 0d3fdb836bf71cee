import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { atSuiteEnd } from "../../support/at-suite-end.js";
import { startChromium } from "../../support/chromium.js";
import { startHub, type HubProcess } from "../../support/hub-process.js";
import { root } from "../../support/ipc.js";
import type { Shown } from "./app.js";

const soon = { timeout: 60_000 };

/** The script of the page. @param modules the folder with another React; undefined for that of this checkout */
async function scriptFor(modules: string | undefined): Promise<string> {
  // With React for development, StrictMode mounts each component twice.
  const { outputFiles } = await build({
    entryPoints: [join(root, "test/e2e/react/app.ts")],
    define: { "process.env.NODE_ENV": '"development"' },
    ...(modules === undefined
      ? {}
      : { alias: { react: join(modules, "react"), "react-dom": join(modules, "react-dom") } }),
    tsconfigRaw: {},
    bundle: true,
    format: "esm",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

/** Tests the hooks in a browser. @param modules resolves with the folder of React, as for the script of the page */
export function testHooks(version: string, modules: () => Promise<string | undefined>): void {
  const onEnd = atSuiteEnd();
  let origin = "";
  let hub: HubProcess;

  /** Serves a page with React and the packages, as the server of an application does. */
  beforeAll(async () => {
    const script = await scriptFor(await modules());
    const server = createServer((request, response) => {
      const isScript = request.url === "/app.js";
      response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
      response.end(isScript ? script : '<body><script type="module" src="/app.js"></script></body>');
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onEnd(() => void server.close());
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    hub = await startHub({ args: ["--open", "--retry", "100", "--cors-origin", origin], onEnd });
  });

  async function publish(
    topic: string,
    data: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const response = await fetch(`${hub.httpUrl}/publish/${topic}`, { method: "POST", body: data, headers });
    expect(response.status).toBe(200);
  }

  async function openApp(shown: Shown): Promise<Page> {
    const page = await (await startChromium()).openPage(`${origin}/?hub=${hub.httpUrl}`);
    await page.waitForFunction(() => "app" in globalThis);
    await show(page, shown);
    return page;
  }

  const show = (page: Page, shown: Shown): Promise<void> => page.evaluate((given) => app.show(given), shown);
  const logOf = (page: Page): Promise<readonly string[]> => page.evaluate(() => app.log);

  const textOf =
    (page: Page): (() => Promise<string>) =>
    () =>
      page.evaluate(() => app.text());

  /** The number of open streams of the hub. */
  async function streams(): Promise<number> {
    const response = await fetch(`${hub.httpUrl}/healthz`);
    return ((await response.json()) as { readonly streams: number }).streams;
  }

  test("the page has the React that the test names", async () => {
    const page = await openApp({});
    expect(await page.evaluate(() => app.react)).toMatch(new RegExp(`^${version}\\.`));
  });

  test("a topic shows its retained value, then each new one, in all components, also in one that comes later", async () => {
    await publish("values/a", "1", { Retain: "true" });
    const page = await openApp({ topics: ["values/a"] });
    await expect.poll(textOf(page), soon).toBe("[1]open");
    await show(page, { topics: ["values/a", "values/a"] });
    await expect.poll(textOf(page), soon).toBe("[1][1]open");
    await publish("values/a", "2");
    await expect.poll(textOf(page), soon).toBe("[2][2]open");
    await show(page, {});
    await expect.poll(textOf(page), soon).toBe("idle");
    await expect.poll(streams, soon).toBe(0);
  });

  test("100 components have one stream, and unmounting them closes it", async () => {
    const topics = Array.from({ length: 50 }, (_, index) => `many/${index}`);
    const page = await openApp({ topics: [...topics, ...topics] });
    await expect.poll(textOf(page), soon).toBe(`${"[none]".repeat(100)}open`);
    expect(await streams()).toBe(1);
    for (const topic of topics) await publish(topic, topic.slice(5));
    const numbers = topics.map((topic) => `[${topic.slice(5)}]`).join("");
    await expect.poll(textOf(page), soon).toBe(`${numbers}${numbers}open`);
    await page.evaluate(() => app.unmount());
    await expect.poll(streams, soon).toBe(0);
  });

  test("while filters change, and other components come and go, no event is lost or comes twice", async () => {
    const page = await openApp({ filters: ["stay/#"] });
    await expect.poll(textOf(page), soon).toBe("open");
    const expected: string[] = [];
    for (let round = 0; round < 30; round += 1) {
      const filters = round % 3 === 0 ? ["stay/#"] : ["stay/#", `come/${round % 3}`, "stay/value"];
      await show(page, { filters, topics: round % 2 === 0 ? [] : ["stay/value"] });
      for (const topic of ["stay/a", "stay/value"]) {
        const data = `${topic} ${round}`;
        await publish(topic, data, topic === "stay/value" ? { Retain: "true" } : {});
        expected.push(data);
      }
    }
    await expect.poll(async () => (await logOf(page)).at(-1), soon).toBe(expected.at(-1));
    expect(await logOf(page)).toEqual(expected);
  });

  test("a component that shows another topic, and then the first one again, shows no old value", async () => {
    await publish("switch/a", "a", { Retain: "true" });
    await publish("switch/b", "b", { Retain: "true" });
    const page = await openApp({ topics: ["switch/a"] });
    await expect.poll(textOf(page), soon).toBe("[a]open");
    await show(page, { topics: ["switch/b"] });
    await expect.poll(textOf(page), soon).toBe("[b]open");
    await publish("switch/a", "a2", { Retain: "true" });
    await show(page, { topics: ["switch/a"] });
    await expect.poll(textOf(page), soon).toBe("[a2]open");
  });

  test("after a refused filter, the components say so, and the others go on", async () => {
    const page = await openApp({ topics: ["fine"] });
    await expect.poll(textOf(page), soon).toBe("[none]open");
    await show(page, { topics: ["fine"], filters: ["a/#/b"] });
    await expect.poll(textOf(page), soon).toMatch(/open.+a\/#\/b/);
    await publish("fine", "1");
    await expect.poll(textOf(page), soon).toMatch(/^\[1\]open/);
  });

  test("a refused filter among the first ones leaves the others, and a component that comes later", async () => {
    const page = await openApp({ topics: ["fine"], filters: ["a/#/b", "also/fine"] });
    await expect.poll(textOf(page), soon).toMatch(/^\[none\]open.+a\/#\/b/);
    await show(page, { topics: ["fine", "later"], filters: ["a/#/b", "also/fine"] });
    await publish("fine", "1");
    await publish("also/fine", "2");
    await expect.poll(() => logOf(page), soon).toEqual(["2"]);
    // The filter of the later component is added in a moment.
    await expect
      .poll(async () => {
        await publish("later", "3");
        return (await textOf(page)()).slice(0, 10);
      }, soon)
      .toBe("[1][3]open");
  });
}

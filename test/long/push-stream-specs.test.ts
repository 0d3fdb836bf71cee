import { execFile } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Transform } from "node:stream";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { expect, it, onTestFinished } from "vitest";
import { startChromium } from "../support/chromium.js";
import { startHub } from "../support/hub-process.js";

/**
 * The specs of `pushstream.js`, the push stream module's own library. They are not part of this project: an environment
 * variable names the folder `misc` of the module. Without this variable the test is skipped.
 */
const misc = process.env["PHAROS_PUSHSTREAM_MISC"];

/** The port in the specs. The test writes the port of its own server in its place. */
const theirPort = "9080";

/** As in the configuration of the specs, whose streams end after 3 s. */
const hubArguments = ["--push-stream", "--open", "--max-stream-age", "3"];

/** Specs that fail by intention. docs/protocols/push-stream.md describes each difference. */
const different = [
  // `GET /pub` for a channel without messages and subscribers gets 404.
  ...["Stream", "WebSocket"].map(
    (mode) =>
      `${mode} mode when reconnecting should not reconnect after disconnected by the server if autoReconnect is off`,
  ),
  // The position of a client has priority over `.bN`.
  "LongPolling mode when getting old messages should be possible use backtrack",
].map((name) => `PushStream on ${name}`);

/**
 * Expects that the first poll is open 100 ms after its start. The hub ends this poll at once, with the position, so the
 * spec passes only if the browser is slow.
 */
const ofSlowBrowsers = "PushStream on LongPolling mode when adding a new channel should reconnect";

/**
 * Some specs expect a response within 50 ms, or the end of a stream 1 ms after its client has left. On a busy machine,
 * such a spec fails, so failed specs run again.
 */
const runs = 3;

interface Spec {
  readonly fullName: string;
  readonly status: string;
  readonly failedExpectations: readonly { readonly message: string }[];
}

interface Jasmine {
  getEnv(): {
    configure(settings: object): void;
    addReporter(reporter: object): void;
    execute(): Promise<unknown>;
  };
}

it.skipIf(misc === undefined).each([0, 2])(
  "pushstream.js passes its own specs in Chromium with %i workers",
  async (workers) => {
    const hub = await startHub({ args: [...hubArguments, "--workers", String(workers)] });
    const port = await startRewriter(hub.httpPort);
    const jasmine = await installJasmine();
    const page = await openPage(port, jasmine);
    const results = await runSpecs(page);
    expect(results).toHaveLength(140);
    let failed = results.filter(hasFailed);
    for (let run = 1; run < runs && failed.some(isUnexpected); run += 1) {
      const again = await runSpecs(await openPage(port, jasmine), failed.filter(isUnexpected));
      failed = [...failed.filter((spec) => !isUnexpected(spec)), ...again.filter(hasFailed)];
    }
    expect(failed.filter(isUnexpected)).toEqual([]);
    const names = failed.map(({ fullName }) => fullName).filter((name) => name !== ofSlowBrowsers);
    expect(names.toSorted()).toEqual(different.toSorted());
  },
  1_200_000,
);

const hasFailed = ({ status }: Spec): boolean => status === "failed";

const isUnexpected = ({ fullName }: Spec): boolean => ![...different, ofSlowBrowsers].includes(fullName);

/** Opens a page with Jasmine, the library and its specs. */
async function openPage(port: number, jasmine: string): Promise<Page> {
  const page = await (await startChromium()).openPage(`http://localhost:${port}/healthz`);
  const scripts = [
    ...["jasmine.js", "jasmine-html.js", "boot0.js"].map((name) => join(jasmine, name)),
    ...["js/jquery.min.js", "js/pushstream.js"].map((name) => join(misc ?? "", name)),
    ...["helpers/SpecHelper.js", "PushStreamSpec.js", "UtilsSpec.js"].map((name) =>
      join(misc ?? "", "spec", "javascripts", name),
    ),
  ];
  for (const script of scripts) {
    const content = readFileSync(script, "utf8").replaceAll(theirPort, String(port));
    await page.addScriptTag({ content });
  }
  return page;
}

/** @param only the specs to run. @default all */
function runSpecs(page: Page, only?: readonly Spec[]): Promise<readonly Spec[]> {
  const names = only?.map(({ fullName }) => fullName);
  return page.evaluate(async (wanted) => {
    const env = (globalThis as unknown as { jasmine: Jasmine }).jasmine.getEnv();
    const results: Spec[] = [];
    const specFilter = (spec: { getFullName(): string }): boolean =>
      wanted === undefined || wanted.includes(spec.getFullName());
    env.configure({ random: false, specFilter });
    env.addReporter({ specDone: (result: Spec) => void results.push(result) });
    await env.execute();
    return results;
  }, names);
}

async function installJasmine(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "pharos-jasmine-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(new URL("push-stream-specs/", import.meta.url), folder, { recursive: true });
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  await promisify(execFile)("npm", ["ci", ...options], { cwd: folder });
  return join(folder, "node_modules", "jasmine-core", "lib", "jasmine-core");
}

/**
 * Does what the specs' nginx does for requests with `tests=on`: the channel is another one, `test_` and its name. Returns
 * the proxy's port.
 */
async function startRewriter(target: number): Promise<number> {
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    const rewrite = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        const text = chunk.toString("latin1");
        done(null, Buffer.from(text.replace(/^(GET \/\w+\/)(\S*[?&]tests=on)/gm, "$1test_$2"), "latin1"));
      },
    });
    for (const socket of [client, upstream])
      socket
        .on("error", () => undefined)
        .on("close", () => [client, upstream].forEach((each) => each.destroy()));
    client.pipe(rewrite).pipe(upstream).pipe(client);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

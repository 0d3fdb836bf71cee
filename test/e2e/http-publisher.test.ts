import { spawn } from "node:child_process";
import { expect, onTestFinished, test } from "vitest";
import { connect, type LiveEvent } from "../../src/client/index.js";
import { HttpPublisher } from "../../src/publisher/http-publisher.js";
import { startSite } from "../contract/site.js";
import { freePort } from "../support/free-port.js";
import { hubEntry, startHub, type HubProcess } from "../support/hub-process.js";
import { currentToken, hubUrl, issuer, secret } from "../support/token.js";
import { before } from "../support/wait-for.js";

/** Reads `count` events that match `filter`, beginning with the stored events. */
async function events(origin: string, filter: string, count: number): Promise<string[]> {
  const url = `${origin}/esupdates`;
  const got: string[] = [];
  const live = connect(url, { filters: [filter], lastEventId: "earliest" });
  onTestFinished(() => live.close());
  const reading = (async () => {
    for await (const event of live) {
      if (event.kind === "event") got.push(describe(event));
      if (got.length === count) return;
    }
  })();
  await before(reading, { within: 60_000, missing: `${count} events of ${filter} at ${origin}` });
  return got;
}

function describe({ id, type = "message", data }: LiveEvent): string {
  return `${id} ${type} ${data}`;
}

const openHub = (): Promise<HubProcess> => startHub({ args: ["--open"] });

test("publications over HTTP reach subscribers with the ids in the responses", async () => {
  const hub = await openHub();
  const publisher = new HttpPublisher(hub.httpUrl);
  const first = await publisher.publish({ topic: "a/b", data: "1" });
  expect(await publisher.publish({ topic: ["a/c", "d"], data: "2 & é\nx", id: "own", type: "price" })).toBe(
    "own",
  );
  const batch = await publisher.publishBatch([
    { topic: "a/日", data: "3" },
    { topic: "a/+", data: "4", retain: true },
  ]);
  expect(await events(hub.httpUrl, "a/#", 4)).toEqual([
    `${first} message 1`,
    "own price 2 & é\nx",
    `${batch[0]} message 3`,
    `${batch[1]} message 4`,
  ]);
});

test("a repeat with the same key is answered with the first id, and delivered once", async () => {
  const hub = await openHub();
  const publisher = new HttpPublisher(hub.httpUrl);
  const key = { idempotencyKey: "k" };
  const ids = await Promise.all([1, 2, 3].map(() => publisher.publish({ topic: "t", data: "once" }, key)));
  expect(new Set(ids).size).toBe(1);
  const last = await publisher.publish({ topic: "t", data: "last" });
  expect(await events(hub.httpUrl, "t", 2)).toEqual([`${ids[0]} message once`, `${last} message last`]);
});

test("many publications keep their order", async () => {
  const hub = await openHub();
  const publisher = new HttpPublisher(hub.httpUrl);
  const data = Array.from({ length: 5000 }, (_, n) => String(n));
  expect(await publisher.publishAll(data.map((text) => ({ topic: "t", data: text })))).toBe(5000);
  const got = await events(hub.httpUrl, "t", 5000);
  expect(got.map((event) => event.split(" ")[2])).toEqual(data);
});

test.each(["http", "mongrel2-stock", "mongrel2-shipped"] as const)(
  "many publications keep their order, with a token, through %s",
  async (front) => {
    const settings = { PHAROS_PUBLIC_URL: hubUrl, PHAROS_TOKEN_ISSUER: issuer, PHAROS_TOKEN_SECRET: secret };
    const site = await startSite(front, { settings });
    const origin = `http://127.0.0.1:${site.port}`;
    const publisher = new HttpPublisher(origin, { token: await currentToken({ publish: ["t"] }) });
    const data = Array.from({ length: 400 }, (_, n) => `${n} ${"x".repeat(100)}`);
    expect(await publisher.publishAll(data.map((text) => ({ topic: "t", data: text })))).toBe(400);
    await expect(publisher.publish({ topic: "u", data: "x" })).rejects.toMatchObject({
      code: "refused",
      message: expect.stringMatching(/403/),
    });
    const got = await events(origin, "t", 400);
    expect(got.map((event) => event.split(" ").slice(2).join(" "))).toEqual(data);
  },
);

test("a hub's refusal has its reason", async () => {
  const hub = await startHub();
  const refused = new HttpPublisher(hub.httpUrl).publish({ data: "1" });
  await expect(refused).rejects.toMatchObject({
    code: "refused",
    message: expect.stringMatching(/401: .*token/),
  });
  const open = await openHub();
  const publisher = new HttpPublisher(open.httpUrl);
  // The topic `mercure` is the hub's own path as a relative URL. The hub refuses this topic only in publications over
  // HTTP.
  const batch = [{ data: "1" }, { topic: "mercure", data: "2" }];
  await expect(publisher.publishAll(batch)).rejects.toMatchObject({
    code: "refused",
    message: expect.stringMatching(/^publication 2: the hub refused the request with status 400: /),
  });
});

test("pharos publish --url publishes each line of its standard input, with a token of pharos token", async () => {
  const url = "https://hub.example/.well-known/mercure";
  const env = { PHAROS_TOKEN_SECRET: "0123456789abcdef0123456789abcdef", PHAROS_PUBLIC_URL: url };
  const hub = await startHub({ env });
  const token = await pharos(["token", "--publish", "t", "--audience", url, "--issuer", url], { env });
  expect(token).toMatchObject({ code: 0 });
  const args = ["publish", "--url", hub.httpUrl, "--topic", "t"];
  const options = { env: { PHAROS_TOKEN: token.stdout.trim() }, stdin: "one\ntwo\nthree\n" };
  expect(await pharos(args, options)).toMatchObject({ code: 0, stderr: "3 lines published.\n" });
  expect((await events(hub.httpUrl, "t", 3)).map((event) => event.split(" ")[2])).toEqual([
    "one",
    "two",
    "three",
  ]);
  const other = await pharos(["publish", "--url", hub.httpUrl, "--topic", "u", "--data", "x"], options);
  expect(other).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^pharos: the hub refused the request with status 403: /),
  });
});

test("pharos publish --url exits with 1 when it reaches no hub for 5 s", async () => {
  const port = await freePort();
  const gone = await pharos(["publish", "--url", `http://127.0.0.1:${port}`, "--data", "x"], {});
  expect(gone).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^pharos: http:\/\/127\.0\.0\.1:\d+ cannot be reached/),
  });
});

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function pharos(
  args: readonly string[],
  { env = {}, stdin = "" }: { readonly env?: Readonly<Record<string, string>>; readonly stdin?: string },
): Promise<Ran> {
  const child = spawn(process.execPath, [hubEntry, ...args], { env: { ...process.env, ...env } });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.end(stdin);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}

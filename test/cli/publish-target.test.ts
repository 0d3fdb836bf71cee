import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { run } from "../../src/cli/program.js";
import { createKeyPair, parseCurveServer } from "../../src/zeromq/curve/keys.js";
import { openIngress } from "../ingress/zeromq/open-ingress.js";
import { answering, FakeHub } from "../publisher/fake-hub.js";
import { FakeIo } from "./fake-io.js";

function newFile(content?: string): string {
  const folder = mkdtempSync(join(tmpdir(), "pharos-publish-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "file");
  if (content !== undefined) writeFileSync(file, content, { mode: 0o600 });
  return file;
}

test("publish --url publishes over HTTP, with the token of a file", async () => {
  const hub = await FakeHub.start();
  const io = new FakeIo({ environment: { PHAROS_TOKEN: "other" } });
  const token = newFile("a.b.c\n");
  const args = [
    "--url",
    hub.origin,
    "--token-file",
    token,
    "--topic",
    "t",
    "--type",
    "e",
    "--id",
    "7",
    "--data",
    "d",
  ];
  expect(await run(["publish", ...args], io)).toBe(0);
  expect(hub.requests).toMatchObject([
    {
      path: "/.well-known/mercure",
      headers: { authorization: "Bearer a.b.c" },
      body: "topic=t&data=d&id=7&type=e",
    },
  ]);
  expect([io.stdout.text, io.stderr.text]).toEqual(["#e:1\n", ""]);
});

test("publish --retain --private --ttl sets all three, and prints the id; a URL with a slash at its end is a folder", async () => {
  const hub = await FakeHub.start();
  const lines: unknown[] = [];
  hub.hook = ({ path, body }, response) => {
    lines.push([path, JSON.parse(body)]);
    response.writeHead(200, { "content-type": "application/json" }).end('{"ids":["#e:1"]}');
    return true;
  };
  const io = new FakeIo();
  const args = [
    "--url",
    `${hub.origin}/live/`,
    "--topic",
    "t",
    "--retain",
    "--private",
    "--ttl",
    "60",
    "--data",
    "",
  ];
  expect(await run(["publish", ...args], io)).toBe(0);
  expect(lines).toEqual([["/live/publish", { topic: "t", data: "", ttl: 60, retain: true, private: true }]]);
  expect([io.stdout.text, io.stderr.text]).toEqual(["#e:1\n", ""]);
});

test("publish --url takes the token of the environment, or none", async () => {
  const hub = await FakeHub.start();
  for (const environment of [{ PHAROS_TOKEN: " a.b.c " }, { PHAROS_TOKEN: "" }])
    expect(await run(["publish", "--url", hub.origin, "--data", "d"], new FakeIo({ environment }))).toBe(0);
  expect(hub.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer a.b.c", undefined]);
});

test("publish --url publishes each line, in order", async () => {
  const hub = await FakeHub.start();
  const lines = Array.from({ length: 3000 }, (_, n) => `line ${n}`);
  expect(await run(["publish", "--url", hub.origin], new FakeIo({ stdin: lines.join("\n") }))).toBe(0);
  expect(hub.data).toEqual(lines);
  expect(hub.requests.length).toBeLessThan(50);
});

test("publish --url exits with 1 and the hub's reason when a line is refused; earlier lines are published", async () => {
  const hub = await FakeHub.start();
  hub.hook = (request, response) =>
    request.body.includes("evil") && answering(403, "text/plain", "not you")(request, response);
  const io = new FakeIo({ stdin: "one\ntwo\nevil\nfour\n" });
  expect(await run(["publish", "--url", hub.origin], io)).toBe(1);
  expect(io.stderr.text).toBe(
    "2 lines published.\npharos: line 3: the hub refused the request with status 403: not you\n",
  );
  expect(hub.data).toEqual(["one", "two"]);
});

test("beacon --url publishes the time, also after a hub that was busy", async () => {
  const hub = await FakeHub.start();
  let busy = true;
  hub.hook = (request, response) => busy && answering(503, "text/plain", "busy")(request, response);
  const io = new FakeIo();
  const running = run(["beacon", "--url", hub.origin, "--every", "0.01"], io);
  await io.stderr.matches(/^No hub accepts the beacon; still trying\.\n$/);
  busy = false;
  await expect.poll(() => hub.data.length).toBeGreaterThan(2);
  io.interrupt();
  expect(await running).toBe(0);
  expect(hub.data[0]).toMatch(/^Timestamp \d{4}-/);
});

test.each<[readonly string[], RegExp]>([
  [
    ["--url", "http://x", "--to", "tcp://127.0.0.1:1"],
    /'--url <URL>' cannot be used with option '--to <ENDPOINT>'/,
  ],
  [["--url", "http://x", "--curve", "f"], /'--url <URL>' cannot be used with option '--curve <FILE>'/],
  [["--url", "x"], /^pharos: "x" is not the URL of a hub; allowed is http:/],
  [["--token-file", "f"], /^pharos: --token-file needs --url/],
  [
    ["--url", "http://x", "--token-file", "/nowhere/token"],
    /^pharos: --token-file: cannot read a token: ENOENT/,
  ],
  [["--curve", "/nowhere/keys"], /^pharos: cannot read keys: ENOENT/],
])("publish %j is a usage error, reported in one line", async (args, text) => {
  const io = new FakeIo();
  expect(await run(["publish", ...args, "--data", "x"], io)).toBe(2);
  expect(io.stderr.text).toMatch(text);
  expect(io.stderr.text).not.toMatch(/^\s+at /m);
});

test("an empty token file and a token with spaces are refused", async () => {
  for (const content of ["\n", "a b"]) {
    const io = new FakeIo();
    const args = ["--url", "http://127.0.0.1:1", "--token-file", newFile(content), "--data", "x"];
    expect(await run(["publish", ...args], io)).toBe(2);
    expect(io.stderr.text).toMatch(/token/);
    expect(io.stderr.text).not.toContain("a b");
  }
});

test("keys creates the keys of a hub and a publisher, and publish --curve uses them", async () => {
  const io = new FakeIo();
  const [server, client] = [newFile(), newFile()];
  expect(await run(["keys", server], io)).toBe(0);
  const serverKey = io.stdout.text.trim();
  expect(await run(["keys", client, "--server", serverKey], io)).toBe(0);
  const clientKey = io.stdout.text.trim().split("\n")[1];
  const { readCurveKeyFile: readKeyFile } = await import("../../src/zeromq/curve/key-file.js");
  const curve = parseCurveServer({ ...Object(readKeyFile(server).content), clients: [clientKey] }, "keys");
  const { ingress, sink } = await openIngress({ endpoint: "@tcp://0.0.0.0:0", curve });
  const to = ingress.address.replace("0.0.0.0", "127.0.0.1");
  expect(await run(["publish", "--to", to, "--curve", client, "--data", "x"], io)).toBe(0);
  await sink.received(1);
  expect(sink.data).toEqual(["x"]);
  expect(io.stderr.text).toBe("");
});

test("publish --curve warns that other users can read the keys", async () => {
  const file = newFile(JSON.stringify({ ...createKeyPair(), serverKey: createKeyPair().publicKey }));
  chmodSync(file, 0o644);
  const io = new FakeIo();
  // The topic is invalid, so the command fails before connecting.
  expect(
    await run(["publish", "--to", "tcp://127.0.0.1:1", "--curve", file, "--topic", "*", "--data", "x"], io),
  ).toBe(2);
  expect(io.stderr.text).toMatch(/^pharos: other users can read the secret key in /);
});

test("keys does not overwrite a file, and refuses an invalid key", async () => {
  const io = new FakeIo();
  const file = newFile("mine");
  expect(await run(["keys", file], io)).toBe(2);
  expect(await run(["keys", newFile(), "--server", "abc"], io)).toBe(2);
  expect(io.stderr.text).toMatch(
    /^pharos: cannot write keys to a new file: EEXIST[^\n]*\npharos: --server must be a key of [^\n]*\n$/,
  );
  expect(io.stdout.text).toBe("");
});

import { once } from "node:events";
import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";

import { run } from "../../../../src/cli/program.js";
import { currentToken } from "../../../support/token.js";
import { parsePort } from "../../../support/parse-port.js";
import { hubOfFile } from "../../../protocols/hub.js";
import { FakeIo } from "../../fake-io.js";

const site = hubOfFile();

async function pharos(args: readonly string[], token?: string): Promise<FakeIo & { readonly code: number }> {
  const io = new FakeIo({ environment: token === undefined ? {} : { PHAROS_TOKEN: token } });
  const code = await run([...args, "--url", `http://127.0.0.1:${site().port}`], io);
  return Object.assign(io, { code });
}

test("topics lists what the filters match, also over several pages", async () => {
  const names = Array.from({ length: 1100 }, (_, index) => `list/${String(index).padStart(4, "0")}`);
  for (const topic of names) await site().publish({ topics: [topic], data: "" });
  await site().publish({ topics: ["list/0000"], data: "" });
  const all = await pharos(["topics", "list/+"]);
  expect([all.code, all.stderr.text]).toEqual([0, ""]);
  const lines = all.stdout.text.trimEnd().split("\n");
  expect(lines.map((line) => line.split(":")[0])).toEqual(names);
  expect(lines[0]).toBe("list/0000: 2 stored of 2, 0 subscribers");
  const json = await pharos(["topics", "list/0000", "list/0001", "--json"]);
  expect(
    json.stdout.text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { topic: "list/0000", published: 2, stored: 2, subscribers: 0 },
    { topic: "list/0001", published: 1, stored: 1, subscribers: 0 },
  ]);
});

test("history prints the newest publications, oldest first, and private ones with a token", async () => {
  const topic = "odd topic/ä?%";
  for (const data of ["one", "two"]) await site().publish({ topics: [topic], data, type: "kind" });
  await site().publish({ topics: [topic], data: "secret\u001b[2J", private: true });
  const time = String.raw`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ`;
  const open = await pharos(["history", topic]);
  expect(open.stdout.text).toMatch(
    new RegExp(String.raw`^${time} odd topic/ä\?% \(kind\): one\n${time} odd topic/ä\?% \(kind\): two\n$`),
  );
  const token = await currentToken({ subscribe: [topic] });
  const last = await pharos(["history", topic, "--limit", "1"], token);
  // Control characters do not reach the terminal.
  expect(last.stdout.text).toContain("secret");
  expect(last.stdout.text).not.toContain("\u001b");
  const json = await pharos(["history", topic, "--limit", "2", "--json"], token);
  expect(
    json.stdout.text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
  ).toMatchObject([
    { topics: [topic], data: "two", time: expect.any(String) },
    { topics: [topic], data: "secret\u001b[2J" },
  ]);
  expect(await pharos(["history", "nothing"])).toMatchObject({ code: 0, stdout: { text: "" } });
});

test("history goes to older and newer pages, and tells how", async () => {
  const topic = "pages";
  for (const data of ["one", "two", "three"])
    await site().publish({ topics: [topic], data, id: `it's ${data}` });
  const newest = await pharos(["history", topic, "--limit", "2"]);
  expect(newest.stdout.text).toMatch(/: two\n.*: three\n$/);
  expect(newest.stderr.text).toBe("There are older publications: --before 'it'\\''s two'\n");
  const older = await pharos(["history", topic, "--before", "it's two"]);
  expect([older.stdout.text, older.stderr.text]).toEqual([expect.stringMatching(/^\S+ pages: one\n$/), ""]);
  const first = await pharos(["history", topic, "--after", "earliest", "--limit", "1"]);
  expect(first.stdout.text).toMatch(/^\S+ pages: one\n$/);
  expect(first.stderr.text).toBe("There are newer publications: --after 'it'\\''s one'\n");
  const unknown = await pharos(["history", topic, "--before", "nobody", "--json"]);
  expect([unknown.code, unknown.stdout.text, unknown.stderr.text]).toEqual([
    0,
    "",
    "Gap: the hub does not know this event id.\n",
  ]);
});

test("history prints the retained value first if it is not on the page", async () => {
  for (const data of ["value", "event"])
    await site().publish({ topics: ["lamp"], data, retain: data === "value" });
  const { stdout } = await pharos(["history", "lamp", "--limit", "1"]);
  expect(stdout.text).toMatch(/^\S+ lamp \(retained\): value\n\S+ lamp: event\n$/);
});

test.each<[readonly string[], number, RegExp]>([
  [["topics", "a/#/b"], 2, /^pharos: .*# must/],
  [["history", "a", "--limit", "0"], 2, /Allowed: a whole number from 1 to 1000/],
  [["history", "a", "--limit", "1001"], 2, /Allowed: a whole number from 1 to 1000/],
  [["history", "a", "b"], 2, /too many arguments/],
  [["history"], 2, /missing required argument 'TOPIC'/],
])("%j ends with the code %i and a sentence", async (args, code, message) => {
  const io = await pharos(args);
  expect([io.code, io.stderr.text]).toEqual([code, expect.stringMatching(message)]);
});

test.each([
  ["127.0.0.1:8080", 2, /Allowed: http:\/\/HOST/],
  ["http://user:secret@127.0.0.1:8080", 2, /must not contain a user name or password/],
  ["http://127.0.0.1:1/?a=b", 2, /Allowed: http:\/\/HOST/],
  ["http://127.0.0.1:9", 1, /^pharos: http:\/\/127.0.0.1:9 cannot be reached: /],
])("the URL %s ends with the code %i and a sentence", async (url, code, message) => {
  const io = new FakeIo();
  expect(await run(["topics", "--url", url], io)).toBe(code);
  expect(io.stderr.text).toMatch(message);
});

test("a server that is no hub, or does not respond until Ctrl-C", async () => {
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/history/page") === true) response.end("<html>");
    else if (request.url?.startsWith("/history/gone") === true) response.writeHead(404).end("no");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${parsePort(server.address())}`;
  const io = new FakeIo();
  expect(await run(["history", "page", "--url", url], io)).toBe(1);
  expect(await run(["history", "gone", "--url", url], io)).toBe(1);
  expect(io.stderr.text).toMatch(/is no hub of this version: its answer is not JSON\n.*: status 404\n$/s);
  const silent = new FakeIo();
  const running = run(["history", "silent", "--url", url], silent);
  await once(server, "request");
  silent.interrupt();
  expect([await running, silent.stderr.text]).toEqual([0, ""]);
});

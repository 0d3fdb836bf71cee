import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { run } from "../../../src/cli/program.js";
import { parsePort } from "../../support/parse-port.js";
import { FakeIo } from "../fake-io.js";

async function serverThat(
  answers: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(answers).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${parsePort(server.address())}`;
}

function stream(response: ServerResponse, text: string): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(text);
}

test("subscribe sends its filters and its last event id, and prints events until interrupted", async () => {
  const asked: IncomingMessage[] = [];
  const origin = await serverThat((request, response) => {
    asked.push(request);
    stream(response, "id: 7\ndata: hello\n\nevent: flash\ndata: two\ndata: lines\n\n");
  });
  const io = new FakeIo();
  const running = run(["subscribe", origin, "--topic", "a/+", "--topic", "c/#", "--last-event-id", "6"], io);
  await io.stdout.matches(/lines\n$/);
  io.interrupt();
  expect(await running).toBe(0);
  expect(asked.map(({ url }) => url)).toEqual(["/esupdates?topic=a%2F%2B&topic=c%2F%23&show=topics"]);
  expect(asked[0]?.headers["last-event-id"]).toBe("6");
  expect(io.stdout.text).toBe("topic not shown: hello\ntopic not shown (flash): two\nlines\n");
  expect(io.stderr.text).toBe(`Connecting to ${origin}/esupdates.\nConnected.\n`);
});

test("subscribe --json prints one object per line, and reports a gap on standard error", async () => {
  const notice = '{"reason":"evicted","topics":[{"topic":"t","missedAtMost":3}],"more":false}';
  const origin = await serverThat((_, response) =>
    stream(response, `event: pharos-gap\ndata: ${notice}\n\nid: 9\ndata: x\n\n`),
  );
  const io = new FakeIo();
  const running = run(["subscribe", `${origin}/esupdates`, "--json"], io);
  await io.stdout.matches(/"x"\}\n$/);
  io.interrupt();
  expect(await running).toBe(0);
  expect(
    io.stdout.text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { id: "", topics: [], type: "pharos-gap", data: notice },
    { id: "9", topics: [], type: "message", data: "x" },
  ]);
  expect(io.stderr.text).toContain("missed at most 3 on t.");
});

test("subscribe fails when the hub refuses the stream permanently", async () => {
  const problem = JSON.stringify({ title: "bad-filter", detail: "# must be last", instance: "urn:uuid:1" });
  const origin = await serverThat(
    (_, response) =>
      void response.writeHead(400, { "content-type": "application/problem+json" }).end(problem),
  );
  const io = new FakeIo();
  expect(await run(["subscribe", origin], io)).toBe(1);
  expect(io.stderr.text).toMatch(/^pharos: the server refused with status 400: # must be last\n/m);
});

test("subscribe prints why it is not connected, and tries again until interrupted", async () => {
  const origin = await serverThat((_, response) => void response.writeHead(503).end());
  const io = new FakeIo();
  const running = run(["subscribe", origin], io);
  await io.stderr.matches(/Not connected: the server answered with status 503\. Retrying in [\d.]+ s\.\n/);
  io.interrupt();
  expect(await running).toBe(0);
});

test("subscribe prints the topics of an event, and marks a retained value", async () => {
  const origin = await serverThat((_, response) =>
    stream(
      response,
      "topic: clock\nretained: 1\ndata: 12:00\n\ntopic: clock\nid: 2\nevent: tick\ndata: 12:01\n\n",
    ),
  );
  const io = new FakeIo();
  const running = run(["subscribe", origin], io);
  await io.stdout.matches(/12:01\n$/);
  io.interrupt();
  expect(await running).toBe(0);
  expect(io.stdout.text).toBe("clock (retained): 12:00\nclock (tick): 12:01\n");
});

test("subscribe sends the token of the environment or of a file, as publish does", async () => {
  const asked: IncomingMessage[] = [];
  const origin = await serverThat((request, response) => {
    asked.push(request);
    stream(response, "data: x\n\n");
  });
  const folder = mkdtempSync(join(tmpdir(), "pharos-subscribe-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "token");
  writeFileSync(file, "d.e.f\n");
  for (const args of [[], ["--token-file", file]]) {
    const io = new FakeIo({ environment: { PHAROS_TOKEN: " a.b.c " } });
    const running = run(["subscribe", "--url", `${origin}/live/`, ...args], io);
    await io.stdout.matches(/x\n$/);
    io.interrupt();
    expect(await running).toBe(0);
  }
  expect(asked.map(({ url, headers }) => [url, headers.authorization])).toEqual([
    ["/live/esupdates?topic=broadcast&show=topics", "Bearer a.b.c"],
    ["/live/esupdates?topic=broadcast&show=topics", "Bearer d.e.f"],
  ]);
});

test("subscribe --count ends after so many events, without an interrupt, and leaves the server", async () => {
  const left: Promise<unknown>[] = [];
  const origin = await serverThat((_, response) => {
    left.push(once(response, "close"));
    const notice = '{"reason":"evicted","topics":[],"more":true}';
    stream(response, `event: pharos-gap\ndata: ${notice}\n\ndata: one\n\ndata: two\n\ndata: three\n\n`);
  });
  const io = new FakeIo();
  expect(await run(["subscribe", origin, "--count", "2"], io)).toBe(0);
  expect(io.stdout.text).toBe("topic not shown: one\ntopic not shown: two\n");
  await Promise.all(left);
  expect(left).toHaveLength(1);
});

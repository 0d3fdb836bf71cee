import { Writable } from "node:stream";

import { expect, test } from "vitest";

import { colourLine, gapSentence, jsonLine, plainLine } from "../../../src/cli/terminal/event-lines.js";
import { describeFailure, exitCodeOf, failureText } from "../../../src/cli/terminal/failure.js";
import type { Output } from "../../../src/cli/terminal/io.js";
import { createLogger } from "../../../src/cli/terminal/log-lines.js";
import { readyLine } from "../../../src/cli/commands/serve.js";
import { PharosError } from "../../../src/base/errors.js";
import { KeptOutput } from "../fake-io.js";

test("the ready line has a word for each listener and link", () => {
  const url = "http://127.0.0.1:8080";
  const ready = {
    listeners: [{ url }],
    ingest: ["@tcp://127.0.0.1:9997", ">ipc://queue"],
    mongrel2: [{ name: "ipc://run/requests", state: "waiting" }],
  };
  expect(readyLine(ready)).toBe(
    "ready http=http://127.0.0.1:8080 ingest=@tcp://127.0.0.1:9997 ingest=>ipc://queue mongrel2=ipc://run/requests:waiting\n",
  );
  expect(readyLine({ listeners: [], ingest: [], mongrel2: [] })).toBe("ready http=off\n");
  expect(readyLine({ listeners: [], ingest: [], mongrel2: [], admin: "http://127.0.0.1:8081" })).toBe(
    "ready http=off admin=http://127.0.0.1:8081\n",
  );
  const allInterfaces = { address: "[::]:8080", urls: ["http://192.0.2.7:8080"] };
  const listeners = [{ url: "unix:/run/hub" }, { url, allInterfaces }];
  expect(readyLine({ listeners, ingest: [], mongrel2: [] })).toBe(
    "ready http=unix:/run/hub http=http://127.0.0.1:8080 all-interfaces=[::]:8080\n",
  );
});

test("log lines are JSON, one object a line", () => {
  const output = new KeptOutput(false);
  const logger = createLogger("info", output);
  logger.debug({}, "not written");
  logger.warn({ link: "a" }, "late");
  expect(JSON.parse(output.text)).toMatchObject({ level: "warn", link: "a", msg: "late" });
  expect(output.text.endsWith("}\n")).toBe(true);
});

test("on a terminal log lines are for people", () => {
  const output = new KeptOutput(true);
  createLogger("debug", output).info({ page: "http://127.0.0.1:1", why: "two words" }, "listening");
  expect(output.text).toMatch(
    /\d\d:\d\d:\d\d\.\d{3}.* listening.* page=http:\/\/127\.0\.0\.1:1 why="two words"/,
  );
});

test("control characters from a client do not reach the terminal through the log", () => {
  const output = new KeptOutput(true);
  createLogger("info", output).info(
    { path: "/\u001B[2J\u009B1m", why: "a b\u001B]0;x\u0007\u009B" },
    "refused",
  );
  // eslint-disable-next-line no-control-regex -- removes the colours of the log line
  const text = output.text.replaceAll(/\u001B\[\d+m/g, "");
  expect(text).toContain('path=/\\u{1b}[2J\\u{9b}1m why="a b\\u001b]0;x\\u0007\\u{9b}"');
});

test.each([
  ["turns the line around", "/\u202Efdp.exe\u2066"],
  ["joins or hides characters", "/a\u200D\u200B\uFEFFb\u00AD"],
  ["is a tag beyond the first plane", "/\u{E0041}"],
  ["ends a line for some", "/a\u2028b\u2029\u0085"],
])("text that %s is escaped, in the log of a terminal and in JSON", (_name, path) => {
  // Bug: a path with a right-to-left override reversed the rest of the line on the screen.
  const [terminal, file] = [new KeptOutput(true), new KeptOutput(false)];
  for (const output of [terminal, file]) createLogger("info", output).info({ path }, "refused");
  // eslint-disable-next-line no-control-regex -- removes the colours of the log line
  const shown = terminal.text.replaceAll(/\u001B\[\d+m/g, "").trimEnd();
  for (const text of [shown, file.text.trimEnd()]) expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(JSON.parse(file.text)).toMatchObject({ path });
});

test("an error is logged with its message, stack and cause", () => {
  // Bug: the log showed errors as {}, without message and cause.
  const output = new KeptOutput(false);
  const cause = new Error("the inner reason");
  createLogger("info", output).error({ error: new Error("a socket broke", { cause }) }, "failed");
  const { error } = JSON.parse(output.text) as { error: { message: string; stack: string } };
  expect(error.message).toContain("a socket broke");
  expect(error.stack).toContain("the inner reason");
  expect(error.stack).toMatch(/^ +at /m);
});

test("--log-level silent writes nothing", () => {
  const output = new KeptOutput(false);
  createLogger("silent", output).error({}, "lost");
  expect(output.text).toBe("");
});

test("a port in use is one clear line", () => {
  const error = Object.assign(new Error("listen EADDRINUSE"), {
    code: "EADDRINUSE",
    address: "127.0.0.1",
    port: 8080,
  });
  expect(describeFailure(error)).toBe(
    "port 8080 of 127.0.0.1 is in use; stop the program that listens there, or choose another address",
  );
  expect(exitCodeOf(error)).toBe(1);
});

test("bad input is bad usage, and everything else a failure", () => {
  expect(exitCodeOf(new PharosError("bad-topic", "x"))).toBe(2);
  expect(exitCodeOf(new PharosError("bad-endpoint", "x"))).toBe(2);
  const cause = Object.assign(new Error("x"), { code: "EADDRINUSE" });
  expect(exitCodeOf(new PharosError("bad-endpoint", "x", { cause }))).toBe(1);
  expect(exitCodeOf(new PharosError("not-taken", "x"))).toBe(1);
  expect(exitCodeOf(new Error("x"))).toBe(1);
});

test("a stack is printed only at log level debug", () => {
  const error = new PharosError("bad-config", "one\ntwo");
  expect(failureText(error, {})).toBe("pharos: one\npharos: two\n");
  expect(failureText(error, { PHAROS_LOG_LEVEL: "debug" })).toMatch(/^ +at /m);
});

const event = { id: "7", topics: ["news/a"], type: "message", data: "a\nb" };

test("an event is one line of JSON, or its topics, marks and data", () => {
  expect(jsonLine(event)).toBe('{"id":"7","topics":["news/a"],"type":"message","data":"a\\nb"}\n');
  expect(jsonLine({ ...event, retained: true })).toMatch(/,"retained":true\}\n$/);
  expect(plainLine(event)).toBe("news/a: a\nb\n");
  expect(plainLine({ ...event, type: "flash" })).toBe("news/a (flash): a\nb\n");
  expect(plainLine({ ...event, type: "flash", retained: true })).toBe("news/a (flash, retained): a\nb\n");
  expect(plainLine({ ...event, topics: ["a", "b"] })).toBe("a b: a\nb\n");
  expect(plainLine({ ...event, topics: [] })).toBe("topic not shown: a\nb\n");
});

test("control characters in an event do not reach the terminal", () => {
  const hostile = {
    id: "\u001B[1m",
    topics: ["\u001Bc"],
    type: "\u009B2J",
    data: "\u001B]0;title\u0007\r\u007F",
  };
  for (const line of [plainLine(hostile), colourLine(hostile, new Date())])
    expect(line).toContain("\\x1b]0;title\\x07\\x0d\\x7f");
  expect(plainLine(hostile)).toBe("\\x1bc (\\x9b2J): \\x1b]0;title\\x07\\x0d\\x7f\n");
});

test("a gap is printed as a sentence", () => {
  const topics = [{ topic: "news\u001B", missedAtMost: 12 }];
  expect(gapSentence({ reason: "evicted", topics, more: true })).toBe(
    "Gap: some events after the last one seen are no longer stored; missed at most 12 on news\\x1b, some on other topics.\n",
  );
  expect(gapSentence({ reason: "evicted", topics: [{ topic: "a" }], more: false })).toBe(
    "Gap: some events after the last one seen are no longer stored; missed some on a.\n",
  );
});

// A pipe whose reader is stopped accepts 64 KiB. All further lines waited in memory, without a limit.
test("a reader of the log that stops costs at most a megabyte, and learns how many lines it missed", () => {
  let isStopped = true;
  let written = "";
  const output: Output = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      written += chunk;
      if (isStopped) output.once("resume", done);
      else done();
    },
  });
  const logger = createLogger("info", output);
  for (let line = 0; line < 20_000; line += 1) logger.info({ line }, "x".repeat(100));
  expect(output.writableLength).toBeLessThan(1024 * 1024 + 300);
  isStopped = false;
  output.emit("resume");
  logger.info({}, "last");
  const lines = written.trimEnd().split("\n");
  const missed = JSON.parse(lines.at(-2) ?? "") as { readonly lines: number; readonly msg: string };
  expect(missed).toMatchObject({ level: "warn", msg: expect.stringContaining("dropped") as string });
  expect(lines.length - 2 + missed.lines).toBe(20_000);
  expect(lines.at(-1)).toContain("last");
});

import { expect, test } from "vitest";

import { EventPrinter } from "../../../src/cli/terminal/event-printer.js";
import { FakeIo } from "../fake-io.js";

const event = { id: "7", topics: ["news"], type: "message", data: "hello" };
const gap = { reason: "other-epoch", topics: [], more: false } as const;

test("without a terminal, standard output receives only the events", () => {
  const io = new FakeIo();
  const printer = new EventPrinter(io, { json: false });
  printer.connection("open", "Connected.");
  printer.event(event);
  printer.close();
  expect(io.stdout.text).toBe("news: hello\n");
  expect(io.stderr.text).toBe("Connected.\n");
});

test("a gap is reported on standard error, and is an event in JSON", () => {
  const plain = new FakeIo();
  new EventPrinter(plain, { json: false }).gap(gap);
  expect(plain.stdout.text).toBe("");
  expect(plain.stderr.text).toBe("Gap: the hub has restarted since the last event seen.\n");
  const json = new FakeIo();
  new EventPrinter(json, { json: true }).gap(gap);
  expect(JSON.parse(json.stdout.text)).toEqual({
    id: "",
    topics: [],
    type: "pharos-gap",
    data: JSON.stringify(gap),
  });
  expect(json.stderr.text).toBe(plain.stderr.text);
});

test("on a terminal, events appear above a line with their number", () => {
  const io = new FakeIo({ terminal: true });
  const printer = new EventPrinter(io, { json: false });
  printer.connection("open", "Connected.");
  printer.event(event);
  expect(io.stdout.text).toMatch(/hello[^\n]*\n[^\n]*Connected\.[^\n]*1 event\. Ctrl-C ends\.[^\n]*$/);
  printer.close();
  expect(io.stdout.text.endsWith("\r\u001B[K")).toBe(true);
  expect(io.stderr.text).toBe("");
});

import { expect, test } from "vitest";
import { PharosError } from "../../../src/base/errors.js";
import { Gateway } from "../../../src/gateway/gateway.js";
import type { Reply } from "../../../src/gateway/http/messages.js";
import { RefusalLog } from "../../../src/gateway/refusals/refusal-log.js";
import { Records } from "../../ingress/zeromq/open-ingress.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { gatewayRequest } from "../request.js";

const clock = new VirtualClock();

function createRefusalLog() {
  const records = new Records();
  const refusals = new RefusalLog({
    logger: records,
    metrics: records,
    clock,
    clients: { clientOf: () => ({ address: "198.51.100.9" }) },
  });
  const fails = (): never => {
    throw new Error("secret: /etc/passwd");
  };
  const gateway = new Gateway({
    corsOrigins: [],
    resources: [{ path: "/fails", methods: { GET: fails } }],
    refusals,
  });
  return { records, refusals, gateway };
}

function problemOf(reply: unknown): { readonly instance: string; readonly detail: string } {
  return JSON.parse((reply as Reply).body.toString()) as { instance: string; detail: string };
}

test("a refusal has an id under which the log has it, with who asked for what", () => {
  const { records, gateway } = createRefusalLog();
  const { instance } = problemOf(
    gateway.handle(gatewayRequest({ path: "/missing", query: "authorization=x" })),
  );
  expect(instance).toMatch(/^urn:uuid:[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/);
  expect(records.lines).toHaveLength(1);
  expect(records.lines[0]).toMatchObject({
    level: "info",
    fields: {
      request: instance,
      code: "not-found",
      client: "198.51.100.9",
      front: "http",
      method: "GET",
      path: "/missing",
    },
  });
  expect(JSON.stringify(records.lines), "a token may be in the query").not.toContain("authorization");
});

test("the log has the reason, where the client may only know that it was refused", () => {
  const { records, refusals } = createRefusalLog();
  const topics = JSON.stringify(Array.from({ length: 100 }, () => "x".repeat(1000)));
  const problem = new PharosError("invalid-token", "the token is not accepted", {
    reason: `expired ${topics}`,
  });
  refusals.note(undefined, { problem, status: 401, cause: problem });
  const { fields } = records.lines[0] ?? { fields: {} };
  expect(fields).toMatchObject({
    code: "invalid-token",
    reason: expect.stringMatching(/^expired .{100,200}…$/),
  });
});

test("each refusal has an id of its own, is counted by its reason, and HEAD gets the same answer", () => {
  const { records, gateway } = createRefusalLog();
  const ids = [{}, { method: "DELETE" }, {}].map(
    (request) => problemOf(gateway.handle(gatewayRequest({ path: "/fails", ...request }))).instance,
  );
  expect(new Set(ids).size).toBe(3);
  expect(Object.fromEntries(records.counts)).toEqual({
    "requests_refused_total internal": 2,
    "requests_refused_total method-not-allowed": 1,
  });
});

test("what failed inside is in the log, whatever came before it, and not in the answer", () => {
  const { records, gateway } = createRefusalLog();
  for (let count = 0; count < 100; count += 1) void gateway.handle(gatewayRequest({ path: "/missing" }));
  const problem = problemOf(gateway.handle(gatewayRequest({ path: "/fails" })));
  expect(JSON.stringify(problem)).not.toContain("secret");
  const line = records.lines.at(-1);
  expect(line).toMatchObject({ level: "error", fields: { request: problem.instance } });
  expect(String(line?.fields.error)).toContain("secret");
});

test("a flood of refusals is no flood of lines: what is over is for whoever asks for debug lines", () => {
  const { records, refusals } = createRefusalLog();
  const levels = (): readonly string[] => records.lines.map(({ level }) => level);
  const note = (): string =>
    refusals.note(undefined, { problem: new PharosError("bad-request", "x"), status: 400, cause: undefined });
  for (let count = 0; count < 100; count += 1) note();
  expect(levels().filter((level) => level === "info")).toHaveLength(10);
  expect(levels()).toHaveLength(100);
  clock.advance(1000);
  note();
  expect(levels().at(-1)).toBe("info");
});

test("a client cannot make a line longer than is of use", () => {
  const { records, gateway } = createRefusalLog();
  void gateway.handle(gatewayRequest({ path: `/${"x".repeat(10_000)}`, method: "M".repeat(10_000) }));
  expect(JSON.stringify(records.lines).length).toBeLessThan(1000);
});

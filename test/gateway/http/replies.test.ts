import { STATUS_CODES } from "node:http";
import { describe, expect, it } from "vitest";
import { errorCodes, PharosError, type ErrorCode } from "../../../src/base/errors.js";
import { encodeHead } from "../../../src/gateway/http/response-head.js";
import {
  asProblem,
  emptyReply,
  jsonReply,
  problemReply,
  statusOf,
} from "../../../src/gateway/http/replies.js";

describe("a refusal", () => {
  it.each(Object.entries(statusOf))("for %s has the status %i, a title and a reason", (code, status) => {
    const error = new PharosError(code as ErrorCode, "what is allowed");
    const reply = problemReply(error, [["Vary", "Origin"]]);
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.body.toString())).toEqual({
      type: "about:blank",
      title: code,
      status,
      detail: "what is allowed",
    });
    expect(reply.contentLength).toBe(reply.body.length);
    expect(reply.headers).toContainEqual(["Content-Type", "application/problem+json"]);
    expect(reply.headers).toContainEqual(["Vary", "Origin"]);
  });

  it("has a status that HTTP knows and a code that errors.ts knows", () => {
    for (const [code, status] of Object.entries(statusOf)) {
      expect(Object.keys(errorCodes)).toContain(code);
      expect(STATUS_CODES).toHaveProperty(String(status));
    }
  });

  it("for any other code is a failure of the server", () => {
    expect(problemReply(new PharosError("bad-endpoint", "x")).status).toBe(500);
  });

  it("counts its length in bytes, not characters", () => {
    const reply = problemReply(new PharosError("bad-topic", "größe 🚢"));
    expect(reply.contentLength).toBe(Buffer.byteLength(reply.body.toString()));
  });
});

it.each([new Error("inside"), "inside", undefined, { code: "bad-topic", message: "inside" }])(
  "keeps the inside of what is no PharosError to itself",
  (error) => {
    expect(asProblem(error).code).toBe("internal");
    expect(asProblem(error).message).not.toContain("inside");
  },
);

it("keeps answers out of caches", () => {
  for (const reply of [jsonReply(200, {}), emptyReply(204)])
    expect(reply.headers).toContainEqual(["Cache-Control", "no-store"]);
  expect(emptyReply(204).contentLength).toBeUndefined();
});

it("writes a head as it goes over the wire", () => {
  expect(encodeHead(404, [["Allow", "GET"]]).toString()).toBe("HTTP/1.1 404 Not Found\r\nAllow: GET\r\n\r\n");
  expect(encodeHead(299, []).toString()).toBe("HTTP/1.1 299 Unknown\r\n\r\n");
});

import { STATUS_CODES } from "node:http";
import { describe, expect, it } from "vitest";
import { errorCodes, PharosError, type ErrorCode } from "../../../src/base/errors.js";
import { problemReply, refuse, statuses } from "../../../src/gateway/refusals/refuse.js";

describe("a refusal", () => {
  it.each(Object.entries(statuses))("for %s has the status %i, a title and a reason", (code, status) => {
    const error = new PharosError(code as ErrorCode, "what is allowed");
    const reply = problemReply(refuse(error), [["Vary", "Origin"]]);
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
    for (const [code, status] of Object.entries(statuses)) {
      expect(Object.keys(errorCodes)).toContain(code);
      expect(STATUS_CODES).toHaveProperty(String(status));
    }
  });

  it("for any other code is a failure of the server", () => {
    expect(problemReply(refuse(new PharosError("bad-endpoint", "x"))).status).toBe(500);
  });

  it("counts its length in bytes, not characters", () => {
    const reply = problemReply(refuse(new PharosError("bad-topic", "größe 🚢")));
    expect(reply.contentLength).toBe(Buffer.byteLength(reply.body.toString()));
  });
});

it.each([new Error("inside"), "inside", undefined, { code: "bad-topic", message: "inside" }])(
  "keeps the inside of what is no PharosError to itself",
  (error) => {
    expect(refuse(error).code).toBe("internal");
    expect(refuse(error).detail).not.toContain("inside");
  },
);

import { expect, it } from "vitest";
import { encodeHead } from "../../../src/gateway/http/response-head.js";
import { emptyReply, jsonReply } from "../../../src/gateway/http/replies.js";

it("keeps answers out of caches", () => {
  for (const reply of [jsonReply(200, {}), emptyReply(204)])
    expect(reply.headers).toContainEqual(["Cache-Control", "no-store"]);
  expect(emptyReply(204).contentLength).toBeUndefined();
});

it("writes a head as it goes over the wire", () => {
  expect(encodeHead(404, [["Allow", "GET"]]).toString()).toBe("HTTP/1.1 404 Not Found\r\nAllow: GET\r\n\r\n");
  expect(encodeHead(299, []).toString()).toBe("HTTP/1.1 299 Unknown\r\n\r\n");
});

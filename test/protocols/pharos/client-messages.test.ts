import { expect, it } from "vitest";

import { readClientMessage } from "../../../src/protocols/pharos/client-messages.js";

it.each(["", "=", "two words", "ä", 7, null])("refuses the token %j and does not print it", (token) => {
  expect(readClientMessage(JSON.stringify({ token })).message).toMatchObject({
    code: "bad-authorization",
    message: "token must be a non-empty string of letters, digits and -._~+/, optionally with = at the end",
  });
});

it.each(["a", "A-._~+/9=="])("accepts the token %j", (token) => {
  expect(readClientMessage(JSON.stringify({ token })).message).toEqual({ kind: "token", token });
});

// JSON has no infinite numbers: the answer to such a message had the request `null`.
it.each(["1e400", "-1e400", '"1"', "null", "true", "[]"])("refuses the request %s", (request) => {
  expect(readClientMessage(`{"add":["a"],"request":${request}}`).message).toMatchObject({
    code: "bad-request",
    message: expect.stringMatching(/^request must be a number, not /) as string,
  });
});

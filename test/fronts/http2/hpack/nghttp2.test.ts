import { once } from "node:events";
import { constants, sensitiveHeaders } from "node:http2";
import type { ClientHttp2Session } from "node:http2";
import { constantFrom, oneof, sample, string, tuple, uniqueArray } from "fast-check";
import type { Arbitrary } from "fast-check";
import { describe, expect, it } from "vitest";
import { HpackDecoder } from "../../../../src/fronts/http2/hpack/hpack-decoder.js";
import { emptyTableUpdate, encodeFields } from "../../../../src/fronts/http2/hpack/hpack-encoder.js";
import { before } from "../../../support/wait-for.js";
import { decodeAll, dynamicTableOf } from "./fields.js";
import type { NameAndValue } from "./fields.js";
import { headerSession } from "./header-server.js";

const seed = 20_261_201;
const within = 60_000;

/** All characters that HTTP allows in a value, with one byte each. */
const characters = ["\t", ...Array.from({ length: 0xe0 }, (_, at) => String.fromCharCode(0x20 + at))].filter(
  (each) => each !== "\u007f",
);
const character = oneof(
  { weight: 9, arbitrary: constantFrom(...characters.filter((each) => each >= "!" && each <= "~")) },
  { weight: 1, arbitrary: constantFrom(...characters) },
);
const value: Arbitrary<string> = oneof(
  constantFrom("", "gzip, deflate", "text/event-stream", "no-cache", "https://example.com/a?b=c", "0", "1"),
  string({ unit: character, maxLength: 40 }).map((text) => text.trim()),
  string({ unit: character, maxLength: 1000 }).map((text) => text.trim()),
);
const name = oneof(
  constantFrom("accept", "user-agent", "cookie", "authorization", "accept-encoding", "referer", "x-a", "x-b"),
  string({
    unit: constantFrom(...characters.filter((each) => /[a-z0-9._!~-]/.test(each))),
    minLength: 1,
    maxLength: 30,
  }).map((text) => `x${text}`),
);
const field: Arbitrary<NameAndValue> = tuple(name, value);

/**
 * Lists of fields, each with a name once. A part of the fields occurs in many lists, so that both sides refer to their
 * dynamic tables. The other fields evict these from time to time.
 */
function fieldLists(count: number): NameAndValue[][] {
  const repeated = sample(field, { numRuns: 40, seed });
  const list = uniqueArray(oneof(constantFrom(...repeated), constantFrom(...repeated), field), {
    maxLength: 12,
    selector: ([each]) => each,
  });
  return sample(list, { numRuns: count, seed: seed + 1 });
}

/** Sends a request with these fields. Resolves with the fields of the response. */
async function request(
  session: ClientHttp2Session,
  fields: readonly NameAndValue[],
): Promise<NameAndValue[]> {
  const stream = session.request({
    ":path": "/",
    ...Object.fromEntries(fields),
    [sensitiveHeaders]: fields.map(([each]) => each).filter((each) => each.endsWith("a")),
  });
  stream.resume();
  const [, , raw] = await before<unknown[]>(once(stream, "response"), { within, missing: "no response" });
  const pairs = raw as string[];
  return Array.from({ length: pairs.length / 2 }, (_, at) => [pairs[2 * at]!, pairs[2 * at + 1]!]);
}

function sorted(fields: readonly NameAndValue[]): string[] {
  return fields.map(([each, value]) => `${each}: ${value}`).sort();
}

const headerTableSize = 1;
const ok = encodeFields([[":status", "200"]]);

describe("the requests of nghttp2", () => {
  it.each([
    ["of the default size", undefined],
    ["of 0 bytes", 0],
    ["of 200 bytes", 200],
    ["of 64 KiB", 65_536],
  ])(`are decoded, with a dynamic table %s (seed ${seed})`, async (_name, tableBytes) => {
    const decoder = new HpackDecoder(tableBytes === undefined ? {} : { tableBytes });
    let received: NameAndValue[] = [];
    const session = await headerSession({
      settings: new Map(tableBytes === undefined ? [] : [[headerTableSize, tableBytes]]),
      client: { maxDeflateDynamicTableSize: 65_536 },
      respond: (block) => {
        received = decodeAll(decoder, block);
        return ok;
      },
    });
    await before(once(session, "remoteSettings"), { within, missing: "no settings of the server" });
    for (const fields of fieldLists(400)) {
      await request(session, fields);
      const pseudo = received.filter(([each]) => each.startsWith(":"));
      expect(pseudo.map(([each]) => each)).toEqual([":path", ":method", ":authority", ":scheme"]);
      expect(sorted(received.slice(pseudo.length))).toEqual(sorted(fields));
    }
    const bytes = dynamicTableOf(decoder).reduce(
      (sum, [each, value]) => sum + each.length + value.length + 32,
      0,
    );
    expect(bytes).toBeLessThanOrEqual(tableBytes ?? 4096);
    expect(bytes).toBeGreaterThanOrEqual(Math.min(65_000, (tableBytes ?? 4096) / 4));
  });
});

describe("the Huffman code of nghttp2", () => {
  it("is decoded for each character", async () => {
    const decoder = new HpackDecoder();
    let received: NameAndValue[] = [];
    let bytes = 0;
    const session = await headerSession({
      respond: (block) => {
        bytes = block.length;
        received = decodeAll(decoder, block);
        return ok;
      },
    });
    // Behind many characters with codes of 5 bits, also the longest code is shorter than a string without Huffman code.
    const fields = characters.map((each, at): NameAndValue => [
      `x-${at}`,
      `${"e".repeat(40)}${each}${"e".repeat(40)}`,
    ]);
    await request(session, fields);
    expect(received.filter(([each]) => each.startsWith("x-"))).toEqual(fields);
    expect(bytes).toBeLessThan(fields.length * 70);
  });
});

describe("the responses of the encoder", () => {
  it.each([
    ["of the default size", undefined],
    ["of 0 bytes", 0],
    ["of 200 bytes", 200],
    ["of 64 KiB", 65_536],
  ])(`are accepted by nghttp2, with a dynamic table %s (seed ${seed})`, async (_name, headerTableSize) => {
    const lists = fieldLists(400);
    let block = emptyTableUpdate;
    const session = await headerSession({
      client: headerTableSize === undefined ? {} : { settings: { headerTableSize } },
      respond: () => block,
    });
    for (const [at, fields] of lists.entries()) {
      const response: NameAndValue[] = [[":status", "200"], ...fields];
      block = at === 0 ? Buffer.concat([emptyTableUpdate, encodeFields(response)]) : encodeFields(response);
      expect(await request(session, [])).toEqual(response);
    }
  });

  it("need the update of the first block if the client has lowered the size of its table", async () => {
    const errorCode = new Promise((goAway) => {
      void headerSession({ client: { settings: { headerTableSize: 200 } }, respond: () => ok, goAway }).then(
        (session) => session.request({ ":path": "/" }).on("error", () => undefined),
      );
    });
    const code = await before(errorCode, { within, missing: "no GOAWAY of the client" });
    expect(code).toBe(constants.NGHTTP2_COMPRESSION_ERROR);
  });
});

import { describe, expect, it } from "vitest";
import { HpackDecoder } from "../../../../src/fronts/http2/hpack/hpack-decoder.js";
import { decodeAll, dynamicTableOf, faultOf, hex } from "./fields.js";
import type { NameAndValue } from "./fields.js";

/** A block of RFC 7541 appendix C, its fields, and the dynamic table after it, from the newest field. */
interface Example {
  readonly name: string;
  readonly block: string;
  readonly fields: readonly NameAndValue[];
  readonly table: readonly NameAndValue[];
}

const customKey: NameAndValue = ["custom-key", "custom-header"];

const singleFields: readonly Example[] = [
  {
    name: "C.2.1, a literal field with indexing",
    block: "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
    fields: [customKey],
    table: [customKey],
  },
  {
    name: "C.2.2, a literal field without indexing",
    block: "040c 2f73 616d 706c 652f 7061 7468",
    fields: [[":path", "/sample/path"]],
    table: [],
  },
  {
    name: "C.2.3, a literal field that is never indexed",
    block: "1008 7061 7373 776f 7264 0673 6563 7265 74",
    fields: [["password", "secret"]],
    table: [],
  },
  { name: "C.2.4, an indexed field", block: "82", fields: [[":method", "GET"]], table: [] },
];

const authority: NameAndValue = [":authority", "www.example.com"];
const noCache: NameAndValue = ["cache-control", "no-cache"];
const customValue: NameAndValue = ["custom-key", "custom-value"];

/** The three requests of C.3 and C.4. */
function requests(blocks: readonly [string, string, string]): Example[] {
  const get: readonly NameAndValue[] = [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
  ];
  return [
    { name: "the first request", block: blocks[0], fields: [...get, authority], table: [authority] },
    {
      name: "the second request",
      block: blocks[1],
      fields: [...get, authority, noCache],
      table: [noCache, authority],
    },
    {
      name: "the third request",
      block: blocks[2],
      fields: [[":method", "GET"], [":scheme", "https"], [":path", "/index.html"], authority, customValue],
      table: [customValue, noCache, authority],
    },
  ];
}

const status302: NameAndValue = [":status", "302"];
const status307: NameAndValue = [":status", "307"];
const isPrivate: NameAndValue = ["cache-control", "private"];
const second21: NameAndValue = ["date", "Mon, 21 Oct 2013 20:13:21 GMT"];
const second22: NameAndValue = ["date", "Mon, 21 Oct 2013 20:13:22 GMT"];
const location: NameAndValue = ["location", "https://www.example.com"];
const gzip: NameAndValue = ["content-encoding", "gzip"];
const cookie: NameAndValue = ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"];

/** The three responses of C.5 and C.6. The table has 256 bytes, so that fields are evicted. */
function responses(blocks: readonly [string, string, string]): Example[] {
  return [
    {
      name: "the first response",
      block: blocks[0],
      fields: [status302, isPrivate, second21, location],
      table: [location, second21, isPrivate, status302],
    },
    {
      name: "the second response",
      block: blocks[1],
      fields: [status307, isPrivate, second21, location],
      table: [status307, location, second21, isPrivate],
    },
    {
      name: "the third response",
      block: blocks[2],
      fields: [[":status", "200"], isPrivate, second22, location, gzip, cookie],
      table: [cookie, gzip, second22],
    },
  ];
}

describe("the examples of RFC 7541 appendix C", () => {
  it.each(singleFields)("$name", ({ block, fields, table }) => {
    const decoder = new HpackDecoder();
    expect(decodeAll(decoder, hex(block))).toEqual(fields);
    expect(dynamicTableOf(decoder)).toEqual(table);
  });

  it.each([
    {
      name: "C.3, requests without Huffman code",
      examples: requests([
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
      ]),
    },
    {
      name: "C.4, requests with Huffman code",
      examples: requests([
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
      ]),
    },
    {
      name: "C.5, responses without Huffman code, with evictions",
      tableBytes: 256,
      examples: responses([
        "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 " +
          "3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "4803 3330 37c1 c0bf",
        "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 " +
          "7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 " +
          "6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
      ]),
    },
    {
      name: "C.6, responses with Huffman code and evictions",
      tableBytes: 256,
      examples: responses([
        "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad " +
          "1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
        "4883 640e ffc1 c0bf",
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 " +
          "e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
      ]),
    },
  ])("$name", ({ tableBytes, examples }) => {
    const decoder = new HpackDecoder(tableBytes === undefined ? {} : { tableBytes });
    for (const { name, block, fields, table } of examples)
      expect({ name, fields: decodeAll(decoder, hex(block)), table: dynamicTableOf(decoder) }).toEqual({
        name,
        fields,
        table,
      });
  });

  it.each([
    ["C.1.1, an integer in one byte", "2a", 10],
    ["C.1.2, an integer in three bytes", "3f9a0a", 1337],
  ])("%s, as the size of the table", (_name, update, bytes) => {
    expect(faultOf(new HpackDecoder({ tableBytes: bytes }), hex(update))).toBeUndefined();
    expect(faultOf(new HpackDecoder({ tableBytes: bytes - 1 }), hex(update))).toMatch(
      `update to ${bytes} bytes`,
    );
  });
});

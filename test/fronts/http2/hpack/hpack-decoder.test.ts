import { describe, expect, it } from "vitest";
import { HpackDecoder, HpackError } from "../../../../src/fronts/http2/hpack/hpack-decoder.js";
import { decodeAll, dynamicTableOf, faultOf, hex } from "./fields.js";
import type { NameAndValue } from "./fields.js";

/** A string of up to 126 bytes without Huffman code. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value, "latin1")]);
}

/** A literal field that enters the dynamic table. */
function indexed(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0x40]), text(name), text(value)]);
}

/** A size update of at most 30, or of at least 31 and less than 159 bytes. */
function sizeUpdate(bytes: number): Buffer {
  return bytes < 31 ? Buffer.from([0x20 | bytes]) : Buffer.from([0x3f, bytes - 31]);
}

function decoderWith(fields: readonly NameAndValue[], tableBytes = 4096): HpackDecoder {
  const decoder = new HpackDecoder({ tableBytes });
  decodeAll(decoder, Buffer.concat(fields.map(([name, value]) => indexed(name, value))));
  return decoder;
}

describe("a malformed block", () => {
  it.each<[string, string, RegExp]>([
    ["index 0", "80", /no field has the index 0/],
    ["an index behind an empty dynamic table", "be", /no field has the index 62/],
    ["an index far behind the tables", "ffffffff7f", /no field has the index 268435582/],
    ["a name behind the tables, without indexing", "0f2f0161", /no field has the index 62/],
    ["a name behind the tables, with indexing", "7e0161", /no field has the index 62/],
    ["a name behind the tables, never indexed", "1f2f0161", /no field has the index 62/],
    ["an integer of 2^31", "ff81ffffff07", /above 2147483647/],
    ["an integer of more than 32 bits", "ffffffffff7f", /above 2147483647/],
    ["an integer of 6 continuation bytes", "ff808080808000", /more than 5 continuation bytes/],
    ["an endless integer", "ff80808080808080808080808080", /more than 5 continuation bytes/],
    ["an integer that is cut off", "ff8080", /ends inside a field/],
    ["an integer without continuation", "ff", /ends inside a field/],
    ["no name", "40", /ends inside a field/],
    ["no value", "400161", /ends inside a field/],
    ["no value behind a known name", "44", /ends inside a field/],
    ["a name that is cut off", "400361", /longer than its block/],
    ["a value that is cut off", "4001610262", /longer than its block/],
    ["a length of 2 GiB", "40017fff80feffff0761", /longer than its block/],
    ["Huffman code with a padding of 8 ones", "40016181ff", /not valid Huffman code/],
    ["Huffman code with a padding of zeros", "4001618100", /not valid Huffman code/],
    ["the end symbol of the Huffman code", "40016184ffffffff", /not valid Huffman code/],
    ["Huffman code in a name that is cut off", "4083", /longer than its block/],
    ["a size update behind a field", "8220", /a size update comes after the first field/],
    ["three size updates", "202020", /more than 2 size updates/],
    ["a size update above the limit", "3fe21f", /4097 bytes is above the limit of 4096/],
    ["a second size update above the limit", "203fe21f", /4097 bytes is above the limit of 4096/],
    ["a size update that is cut off", "3f80", /ends inside a field/],
  ])("%s", (_name, block, message) => {
    expect(faultOf(new HpackDecoder(), hex(block))).toMatch(message);
  });

  it("gives the fields before its fault", () => {
    const fields: NameAndValue[] = [];
    const decode = () =>
      new HpackDecoder().decode(hex("8287ff"), (name, value) => fields.push([name, value]));
    expect(decode).toThrow(HpackError);
    expect(fields).toEqual([
      [":method", "GET"],
      [":scheme", "https"],
    ]);
  });

  it.each([
    ["a literal field with indexing", indexed("name", "value")],
    ["a literal field without indexing", hex("0003616263 03646566")],
    ["a literal field with a known name", hex("0f2c 03646566")],
    ["a literal field with Huffman code", hex("4088 25a849e95ba97d7f 89 25a849e95bb8e8b4bf")],
    ["a size update", hex("3fe11f")],
  ])("that is cut off at any place of %s", (_name, block) => {
    expect(faultOf(new HpackDecoder(), block)).toBeUndefined();
    for (let end = 1; end < block.length; end += 1)
      expect(faultOf(new HpackDecoder(), block.subarray(0, end)), `${end} bytes`).toBeDefined();
  });
});

describe("a block", () => {
  it("may be empty", () => {
    expect(decodeAll(new HpackDecoder(), Buffer.alloc(0))).toEqual([]);
  });

  it("may consist of size updates only", () => {
    expect(decodeAll(new HpackDecoder(), hex("203fe11f"))).toEqual([]);
  });

  it("may have integers with more bytes than they need", () => {
    expect(decodeAll(new HpackDecoder(), hex("3f808080800082"))).toEqual([[":method", "GET"]]);
  });

  it("may have empty names and values", () => {
    const decoder = new HpackDecoder();
    expect(decodeAll(decoder, hex("400000"))).toEqual([["", ""]]);
    expect(dynamicTableOf(decoder)).toEqual([["", ""]]);
  });

  it("has one character for each byte, without Huffman code", () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const block = Buffer.concat([hex("0001617f8101"), bytes]);
    expect(decodeAll(new HpackDecoder(), block)).toEqual([["a", bytes.toString("latin1")]]);
  });

  it("does not change with the buffer that it was in", () => {
    const block = indexed("name", "value");
    const decoder = new HpackDecoder();
    const fields = decodeAll(decoder, block);
    block.fill(0);
    expect(fields).toEqual([["name", "value"]]);
    expect(dynamicTableOf(decoder)).toEqual([["name", "value"]]);
  });

  it("may use all 61 fields of the static table", () => {
    const block = Buffer.from(Array.from({ length: 61 }, (_, index) => 0x81 + index));
    const fields = decodeAll(new HpackDecoder(), block);
    expect(fields[0]).toEqual([":authority", ""]);
    expect(fields[15]).toEqual(["accept-encoding", "gzip, deflate"]);
    expect(fields[60]).toEqual(["www-authenticate", ""]);
  });
});

describe("the dynamic table", () => {
  /** With 32 bytes beyond name and value, each of these fields counts 40 bytes. */
  const fields: readonly NameAndValue[] = [
    ["one!", "1111"],
    ["two!", "2222"],
    ["three", "333"],
  ];

  it("evicts the oldest field if a new one does not fit", () => {
    expect(dynamicTableOf(decoderWith(fields, 120))).toEqual(fields.toReversed());
    expect(dynamicTableOf(decoderWith(fields, 119))).toEqual(fields.slice(1).toReversed());
  });

  it("holds no field that is larger than the table, and is empty then", () => {
    expect(dynamicTableOf(decoderWith([...fields, ["x".repeat(100), ""]], 131))).toEqual([]);
    expect(dynamicTableOf(decoderWith([...fields, ["x".repeat(100), ""]], 132))).toHaveLength(1);
  });

  it("evicts as many fields as a smaller size requires", () => {
    const decoder = decoderWith(fields);
    decodeAll(decoder, sizeUpdate(80));
    expect(dynamicTableOf(decoder)).toEqual(fields.slice(1).toReversed());
    decodeAll(decoder, sizeUpdate(79));
    expect(dynamicTableOf(decoder)).toEqual(fields.slice(2));
  });

  it("is emptied by a size of 0, and may grow again in the same block", () => {
    const decoder = decoderWith(fields);
    decodeAll(decoder, Buffer.concat([sizeUpdate(0), sizeUpdate(80), indexed("a", "b")]));
    expect(dynamicTableOf(decoder)).toEqual([["a", "b"]]);
    decodeAll(decoder, Buffer.concat([indexed("c", "d"), indexed("e", "f")]));
    expect(dynamicTableOf(decoder)).toEqual([
      ["e", "f"],
      ["c", "d"],
    ]);
  });

  it("starts with 4096 bytes, even if the peer may use more", () => {
    const large: NameAndValue = ["name", "x".repeat(100)];
    const many = Array.from({ length: 100 }, () => large);
    expect(dynamicTableOf(decoderWith(many, 65_536))).toHaveLength(30);
  });

  it("may have more than 4096 bytes after a size update", () => {
    const decoder = new HpackDecoder({ tableBytes: 65_536 });
    const many = Array.from({ length: 100 }, () => indexed("name", "x".repeat(100)));
    decodeAll(decoder, Buffer.concat([hex("3fe1ff03"), ...many]));
    expect(dynamicTableOf(decoder)).toHaveLength(100);
  });

  it("gives the name to a field that evicts this name", () => {
    const decoder = decoderWith([["name", "first"]], 60);
    expect(decodeAll(decoder, Buffer.concat([hex("7e"), text("second")]))).toEqual([["name", "second"]]);
    expect(dynamicTableOf(decoder)).toEqual([["name", "second"]]);
  });

  it("gives names to fields with and without indexing", () => {
    const decoder = decoderWith([["name", "first"]]);
    const block = Buffer.concat([hex("0f2f"), text("second"), hex("1f2f"), text("third")]);
    expect(decodeAll(decoder, block)).toEqual([
      ["name", "second"],
      ["name", "third"],
    ]);
    expect(dynamicTableOf(decoder)).toEqual([["name", "first"]]);
  });

  it("is complete after a block whose fields the caller ignores", () => {
    const decoder = new HpackDecoder();
    decoder.decode(indexed("name", "value"), () => undefined);
    expect(dynamicTableOf(decoder)).toEqual([["name", "value"]]);
  });

  it("shares its strings with a million references to a large field", () => {
    const decoder = new HpackDecoder();
    const value = "x".repeat(4000);
    decodeAll(decoder, Buffer.concat([hex("4001617fa11e"), Buffer.from(value)]));
    const before = process.memoryUsage().heapUsed;
    let last = "";
    let characters = 0;
    decoder.decode(Buffer.alloc(1_000_000, 0xbe), (_name, each) => {
      last = each;
      characters += each.length;
    });
    expect(last).toBe(value);
    expect(characters).toBe(4_000_000_000);
    // Copies would have 4 GB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100_000_000);
  });
});

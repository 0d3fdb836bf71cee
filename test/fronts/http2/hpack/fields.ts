import { HpackError } from "../../../../src/fronts/http2/hpack/hpack-decoder.js";
import type { HpackDecoder } from "../../../../src/fronts/http2/hpack/hpack-decoder.js";

/** A field as the decoder passes it, and as the encoder takes it. */
export type NameAndValue = readonly [name: string, value: string];

/** Bytes in hexadecimal digits. Spaces are ignored. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

export function decodeAll(decoder: HpackDecoder, block: Buffer): NameAndValue[] {
  const fields: NameAndValue[] = [];
  decoder.decode(block, (name, value) => fields.push([name, value]));
  return fields;
}

/** The message of the fault of a block; undefined if the block is valid. */
export function faultOf(decoder: HpackDecoder, block: Buffer): string | undefined {
  try {
    decodeAll(decoder, block);
    return undefined;
  } catch (error) {
    if (error instanceof HpackError) return error.message;
    throw error;
  }
}

/** A reference to an index from 62 to 16,510. */
export function reference(index: number): Buffer {
  if (index < 127) return Buffer.from([0x80 | index]);
  return Buffer.from([0xff, 0x80 | ((index - 127) & 0x7f), (index - 127) >> 7]);
}

/** The fields of the dynamic table, from the newest one. Reads them by index, which does not change the table. */
export function dynamicTableOf(decoder: HpackDecoder): NameAndValue[] {
  const fields: NameAndValue[] = [];
  for (let index = 62; faultOf(decoder, reference(index)) === undefined; index += 1)
    fields.push(...decodeAll(decoder, reference(index)));
  return fields;
}

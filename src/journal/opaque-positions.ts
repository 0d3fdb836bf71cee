import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { parseEpoch } from "../hub/publications/position.js";
import type { Position, PositionFormat } from "../hub/publications/position.js";
import type { EpochChain } from "./epoch-chain.js";

/** One block of AES: eight zero bytes and the offset. If the first eight bytes are not zero after decryption, the id is forged. */
const blockBytes = 16;
const offsetAt = 8;

/** The size of a key for {@link OpaquePositions}. */
export const positionKeyBytes = blockBytes;

const idForm = /^#([A-Za-z0-9_-]{1,32}):([A-Za-z0-9_-]{1,32})$/;

/** Creates a key for {@link OpaquePositions}. */
export function createPositionKey(): Buffer {
  return randomBytes(blockBytes);
}

export interface OpaquePositionsOptions {
  /** 16 secret bytes. Ids can be read only with the key with which they were written. */
  readonly key: Buffer;
  readonly epochs: Pick<EpochChain, "has">;
}

/**
 * Positions that reveal neither the number of publications nor the order of two ids. The number of private publications
 * is hidden too. The offset is encrypted.
 */
export class OpaquePositions implements PositionFormat {
  readonly #epochs: Pick<EpochChain, "has">;
  readonly #cipher;
  readonly #decipher;

  constructor({ key, epochs }: OpaquePositionsOptions) {
    this.#epochs = epochs;
    // ECB is safe here, because each id is one block, and two blocks are equal only if their offsets are equal. All calls
    // use one cipher object.
    this.#cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
    this.#decipher = createDecipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  }

  format({ epoch, offset }: Position): string {
    const block = Buffer.alloc(blockBytes);
    block.writeBigUInt64BE(BigInt(offset), offsetAt);
    return `#${epoch}:${this.#cipher.update(block).toString("base64url")}`;
  }

  /** Reads an event id. For an id of an epoch that is not in the chain, the offset is unknown and the result has offset 0. */
  parse(text: string): Position | undefined {
    const [, name = "", sealed = ""] = idForm.exec(text) ?? [];
    const epoch = parseEpoch(name);
    if (epoch === undefined) return undefined;
    if (!this.#epochs.has(epoch)) return { epoch, offset: 0 };
    const block = Buffer.from(sealed, "base64url");
    if (block.length !== blockBytes || block.toString("base64url") !== sealed) return undefined;
    const opened = this.#decipher.update(block);
    const offset = Number(opened.readBigUInt64BE(offsetAt));
    return opened.readBigUInt64BE(0) === 0n && Number.isSafeInteger(offset) ? { epoch, offset } : undefined;
  }
}

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { parseEpoch } from "../hub/publications/position.js";
import type { Epoch, Position, PositionFormat } from "../hub/publications/position.js";

/** One block of AES: eight zero bytes and the offset. If the first eight bytes are not zero after decryption, the id is forged. */
const blockBytes = 16;
const offsetAt = 8;

const idForm = /^#([A-Za-z0-9_-]{1,32}):([A-Za-z0-9_-]{1,32})$/;

/**
 * Positions of one epoch that reveal neither the number of publications nor the order of two ids. The number of private
 * publications is hidden too. The offset is encrypted with a key that is created here and never stored.
 */
export class OpaquePositions implements PositionFormat {
  readonly #epoch: Epoch;
  readonly #cipher;
  readonly #decipher;

  constructor(epoch: Epoch) {
    this.#epoch = epoch;
    const key = randomBytes(blockBytes);
    // ECB is safe here, because each id is one block and no two blocks are equal. All calls use one cipher object.
    this.#cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
    this.#decipher = createDecipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  }

  format({ epoch, offset }: Position): string {
    const block = Buffer.alloc(blockBytes);
    block.writeBigUInt64BE(BigInt(offset), offsetAt);
    return `#${epoch}:${this.#cipher.update(block).toString("base64url")}`;
  }

  /** Reads an event id. For an id of another epoch, the offset is unknown and the result has offset 0. */
  parse(text: string): Position | undefined {
    const [, name = "", sealed = ""] = idForm.exec(text) ?? [];
    const epoch = parseEpoch(name);
    if (epoch === undefined) return undefined;
    if (epoch !== this.#epoch) return { epoch, offset: 0 };
    const block = Buffer.from(sealed, "base64url");
    if (block.length !== blockBytes || block.toString("base64url") !== sealed) return undefined;
    const opened = this.#decipher.update(block);
    const offset = Number(opened.readBigUInt64BE(offsetAt));
    return opened.readBigUInt64BE(0) === 0n && Number.isSafeInteger(offset) ? { epoch, offset } : undefined;
  }
}

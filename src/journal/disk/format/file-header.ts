import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

import { saltBytes } from "./record-frame.js";

/** Magic, version, salt, journal, CRC. */
export const fileHeaderBytes = 42;

/** The version of the format of segments and snapshots. */
const formatVersion = 1;

const magic = Buffer.from("PHAROS", "latin1");
const idBytes = 14;

/** Names a journal in its files, so that a file of another journal is noticed. */
export type JournalId = Buffer;

export function journalIdOf(secret: Buffer): JournalId {
  return createHash("sha256").update("files of the journal").update(secret).digest().subarray(0, idBytes);
}

/**
 * - `ours`: a file of this journal
 * - `foreign`: a file of another journal
 * - `newer`: a file of a later version of Pharos
 * - `damaged`: no header
 */
export type FileHeader =
  | { readonly kind: "ours"; readonly salt: Buffer }
  | { readonly kind: "foreign" }
  | { readonly kind: "newer"; readonly version: number }
  | { readonly kind: "damaged" };

/** A header with a new random salt. */
export function encodeFileHeader(journal: JournalId): { readonly header: Buffer; readonly salt: Buffer } {
  const salt = randomBytes(saltBytes);
  const header = Buffer.alloc(fileHeaderBytes);
  magic.copy(header);
  header.writeUInt16BE(formatVersion, 6);
  salt.copy(header, 8);
  journal.copy(header, 24);
  header.writeUInt32BE(crc32(header.subarray(0, 38)), 38);
  return { header, salt };
}

export function parseFileHeader(bytes: Buffer, journal: JournalId): FileHeader {
  if (bytes.length < fileHeaderBytes || !bytes.subarray(0, 6).equals(magic)) return { kind: "damaged" };
  if (bytes.readUInt32BE(38) !== crc32(bytes.subarray(0, 38))) return { kind: "damaged" };
  const version = bytes.readUInt16BE(6);
  if (version > formatVersion) return { kind: "newer", version };
  if (!bytes.subarray(24, 38).equals(journal)) return { kind: "foreign" };
  return { kind: "ours", salt: bytes.subarray(8, 24) };
}

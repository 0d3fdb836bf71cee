import type { Coding } from "../../src/hub/publications/content-coding.js";
import type { Entry } from "../../src/hub/publications/entry.js";
import type { Format } from "../../src/hub/publications/format.js";
import type { GapNotice } from "../../src/protocol.js";

/** One line that a client of the tiny format has read. */
export type Line =
  | { readonly kind: "head" }
  | { readonly kind: "coded"; readonly members: number }
  | { readonly kind: "event" | "retained"; readonly offset: number; readonly data: string }
  | { readonly kind: "position" | "heartbeat"; readonly id: string }
  | { readonly kind: "retry"; readonly ms: number }
  | { readonly kind: "gap"; readonly id: string; readonly notice: GapNotice };

/** A format for tests: one JSON text a line. */
export const tinyFormat: Format = {
  name: "tiny",
  event: (entry) => line({ kind: "event", offset: entry.offset, data: dataOf(entry) }),
  retained: (entry) => line({ kind: "retained", offset: entry.offset, data: dataOf(entry) }),
  position: (id) => line({ kind: "position", id }),
  heartbeat: (id) => line({ kind: "heartbeat", id }),
  retry: (ms) => line({ kind: "retry", ms }),
  gap: (notice, id) => line({ kind: "gap", id, notice }),
};

/** A coding that writes the member count in front of each body. */
export const tinyCoding: Coding = {
  name: "tiny",
  encode: (body, members) => Buffer.concat([line({ kind: "coded", members }), body]),
};

/** The head in front of a stream's first page. */
export const tinyHead = line({ kind: "head" });

/** Reads lines from pieces of any length. */
export class TinyParser {
  #rest = "";

  push(bytes: Buffer): Line[] {
    const parts = (this.#rest + bytes.toString("latin1")).split("\n");
    this.#rest = parts.pop() ?? "";
    return parts.map((part) => JSON.parse(part) as Line);
  }

  /** True if no line is incomplete. */
  get isWhole(): boolean {
    return this.#rest === "";
  }
}

function line(value: Line): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`, "latin1");
}

function dataOf(entry: Entry): string {
  return entry.publication.data;
}

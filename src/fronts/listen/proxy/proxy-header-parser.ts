import { headBytes, parseHeaderBlock, parseHeaderHead, signature } from "./header-block.js";
import type { HeaderHead } from "./header-block.js";
import { parseHeaderLine } from "./header-line.js";
import type { ProxyHeader } from "./proxy-header.js";

/** The state after some bytes of a connection. */
export type ProxyHeaderProgress =
  | { readonly kind: "incomplete" }
  /** `rest` are the bytes behind the header. */
  | { readonly kind: "complete"; readonly header: ProxyHeader; readonly rest: Buffer }
  /** `fault` is the malformed part. */
  | { readonly kind: "malformed"; readonly fault: string };

/** The longest header of version 1, with CR and LF [PROXY protocol 2.1]. */
export const longestLineBytes = 107;

/**
 * The most bytes of addresses and TLVs in a header of version 2. HAProxy builds a header in one of its buffers, which
 * have 16 KiB by default.
 */
export const mostBlockBytes = 16_384;

const lineStart = Buffer.from("PROXY ");
const newline = 0x0a;
const incomplete = Object.freeze({ kind: "incomplete" });

/**
 * Parses the PROXY header at the start of a connection, in versions 1 and 2. The bytes may come in pieces of any size.
 * Memory: the longest line, or the header whose length the proxy has sent.
 */
export class ProxyHeaderParser {
  #state: "version" | "line" | "head" | "block" = "version";
  #header = Buffer.alloc(longestLineBytes);
  #length = 0;
  #head: HeaderHead | undefined;

  /** Takes the next bytes. Do not call this method again after it has returned another kind than `incomplete`. */
  push(bytes: Buffer): ProxyHeaderProgress {
    let rest = bytes;
    let progress: ProxyHeaderProgress = incomplete;
    while (rest.length > 0 && progress.kind === "incomplete") {
      const before = this.#length;
      progress = this.#step(rest);
      rest = rest.subarray(this.#length - before);
    }
    return progress.kind === "complete" ? { ...progress, rest } : progress;
  }

  #step(bytes: Buffer): ProxyHeaderProgress {
    switch (this.#state) {
      case "version":
        this.#state = bytes[0] === lineStart[0] ? "line" : "head";
        return incomplete;
      case "line":
        return this.#readLine(bytes);
      case "head":
        return this.#readHead(bytes);
      case "block":
        return this.#readBlock(bytes);
      default:
        return this.#state satisfies never;
    }
  }

  #readLine(bytes: Buffer): ProxyHeaderProgress {
    const end = bytes.indexOf(newline);
    this.#take(end < 0 ? bytes : bytes.subarray(0, end + 1), longestLineBytes);
    if (!this.#startsLike(lineStart)) return malformed("no PROXY header");
    const line = this.#header.toString("latin1", 0, this.#length);
    if (line.endsWith("\r\n")) return finished(parseHeaderLine(line.slice(0, -2)));
    if (line.endsWith("\n")) return malformed("a line without CR at its end");
    return this.#length < longestLineBytes
      ? incomplete
      : malformed(`a line of more than ${longestLineBytes} bytes`);
  }

  #readHead(bytes: Buffer): ProxyHeaderProgress {
    this.#take(bytes, headBytes);
    if (!this.#startsLike(signature)) return malformed("no PROXY header");
    if (this.#length < headBytes) return incomplete;
    const head = parseHeaderHead(this.#header.subarray(0, headBytes));
    if (typeof head === "string") return malformed(head);
    if (head.length > mostBlockBytes) return malformed(`more than ${mostBlockBytes} bytes behind its head`);
    const header = Buffer.alloc(headBytes + head.length);
    this.#header.copy(header, 0, 0, headBytes);
    this.#header = header;
    this.#head = head;
    this.#state = "block";
    return this.#finishBlock(head);
  }

  #readBlock(bytes: Buffer): ProxyHeaderProgress {
    this.#take(bytes, this.#header.length);
    return this.#head === undefined ? incomplete : this.#finishBlock(this.#head);
  }

  #finishBlock(head: HeaderHead): ProxyHeaderProgress {
    return this.#length < this.#header.length ? incomplete : finished(parseHeaderBlock(this.#header, head));
  }

  /** Stores bytes until the header has `upTo` bytes. */
  #take(bytes: Buffer, upTo: number): void {
    this.#length += bytes.copy(this.#header, this.#length, 0, Math.min(bytes.length, upTo - this.#length));
  }

  #startsLike(expected: Buffer): boolean {
    const length = Math.min(this.#length, expected.length);
    return this.#header.compare(expected, 0, length, 0, length) === 0;
  }
}

const noBytes = Buffer.alloc(0);

function finished(parsed: ProxyHeader | string): ProxyHeaderProgress {
  return typeof parsed === "string" ? malformed(parsed) : { kind: "complete", header: parsed, rest: noBytes };
}

function malformed(fault: string): ProxyHeaderProgress {
  return { kind: "malformed", fault };
}

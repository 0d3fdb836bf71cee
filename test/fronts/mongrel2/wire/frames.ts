import { readFileSync } from "node:fs";
import { encodeTnetstring, type TnetValue } from "../../../../src/fronts/mongrel2/wire/tnetstring.js";

/** The `protocol` of a Handler in Mongrel2's configuration, which decides the format of HEADERS. */
export type Protocol = "json" | "tnetstring";

/** One frame that a real Mongrel2 sent to a handler. */
export interface CapturedFrame {
  readonly name: string;
  readonly server: "stock" | "flow control";
  readonly protocol: Protocol;
  readonly frame: Buffer;
}

interface Fixtures {
  readonly frames: readonly (Omit<CapturedFrame, "frame"> & { readonly frame: string })[];
  readonly replies: Readonly<Record<"net" | "netAged" | "tasks" | "badArgument" | "badQuery", string>>;
}

const fixtures = parseFixtures(readFileSync(new URL("fixtures/frames.json", import.meta.url), "utf8"));

export const capturedFrames: readonly CapturedFrame[] = fixtures.frames.map((entry) => ({
  ...entry,
  frame: Buffer.from(entry.frame, "latin1"),
}));

/** The captured frame of this name. If `wanted` omits the server or the protocol, any server or protocol matches. */
export function captured(name: string, wanted: Partial<CapturedFrame> = {}): Buffer {
  const found = capturedFrames.find(
    (entry) =>
      entry.name === name &&
      entry.protocol === (wanted.protocol ?? entry.protocol) &&
      entry.server === (wanted.server ?? entry.server),
  );
  if (found === undefined) throw new Error(`no captured frame "${name}"`);
  return found.frame;
}

/** A reply of a real control port. */
export function controlReply(name: keyof Fixtures["replies"]): Buffer {
  return Buffer.from(fixtures.replies[name], "latin1");
}

export interface FrameParts {
  readonly sender?: string;
  readonly id?: number | string;
  readonly path?: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Buffer | string;
  readonly protocol?: Protocol;
}

export const sender = "54c6755b-9628-40a4-9a2d-cc82a816345e";

/** The pseudo headers of every request. */
export const line = Object.freeze({ METHOD: "GET", URI: "/j", PATH: "/j", VERSION: "HTTP/1.1" });

/** Encodes a request as Mongrel2 does, with the headers in the given order. */
export function buildFrame(parts: FrameParts): Buffer {
  const entries = Object.entries(parts.headers);
  const headers =
    parts.protocol === "tnetstring"
      ? encodeTnetstring(new Map<string, TnetValue>(entries))
      : netstring(Buffer.from(JSON.stringify(Object.fromEntries(entries))));
  return frameOf(parts, headers);
}

/** Encodes a request with a HEADERS block that the caller has encoded. The block may be invalid. */
export function frameOf(parts: Omit<FrameParts, "headers" | "protocol">, headers: Buffer | string): Buffer {
  const front = `${parts.sender ?? sender} ${parts.id ?? 1} ${parts.path ?? "/j"} `;
  return Buffer.concat([Buffer.from(front), Buffer.from(headers), netstring(Buffer.from(parts.body ?? ""))]);
}

export function netstring(payload: Buffer | string, type = ","): Buffer {
  const bytes = Buffer.from(payload);
  return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes, Buffer.from(type)]);
}

function parseFixtures(text: string): Fixtures {
  return JSON.parse(text) as Fixtures;
}

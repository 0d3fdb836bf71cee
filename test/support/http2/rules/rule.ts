import { headersFrame, literalBlock, type ErrorName } from "../frames.js";
import { requestFields, type RawHttp2, type RawRequest } from "../raw-client.js";
import type { RawStream } from "../raw-stream.js";

/** What the server has to do after a client has broken a rule, or has used it. */
export type Reaction =
  /** GOAWAY with one of these errors, and the end of the connection. */
  | { readonly kind: "connection"; readonly errors: readonly ErrorName[] }
  /** RST_STREAM with one of these errors. The server may treat the error as one of the connection [RFC 9113 5.4.2]. */
  | { readonly kind: "stream"; readonly errors: readonly ErrorName[] }
  /** A malformed request: RST_STREAM with PROTOCOL_ERROR, or the status 400 [RFC 9113 8.1.1]. */
  | { readonly kind: "malformed" }
  /** The connection works as before. The rule itself may check more. */
  | { readonly kind: "none" };

/** One rule of the protocol. */
export interface Rule {
  /** The section of RFC 9113. */
  readonly section: string;
  readonly name: string;
  readonly reaction: Reaction;
  /** Breaks or uses the rule. Returns the stream that the reaction is about; by default the last one. */
  run(client: RawHttp2): void | RawStream | Promise<void | RawStream>;
}

export function connectionError(...errors: readonly ErrorName[]): Reaction {
  return { kind: "connection", errors };
}

export function streamError(...errors: readonly ErrorName[]): Reaction {
  return { kind: "stream", errors };
}

export const malformed: Reaction = { kind: "malformed" };
export const works: Reaction = { kind: "none" };

/** A path that answers at once. */
export const shortPath = "/healthz";
/** A path whose answer does not end. */
export const longPath = "/esupdates?topic=rules";
/** A path that takes a body. */
export const bodyPath = "/publish/rules";

/** The header block of a request. */
export function blockOf(path: string, request: RawRequest = {}): Buffer {
  return literalBlock(requestFields(path, request));
}

/** Registers the next stream, and returns it with the block of a short request. */
export function nextRequest(client: RawHttp2): { readonly stream: RawStream; readonly block: Buffer } {
  return { stream: client.expect(client.nextStream), block: blockOf(shortPath) };
}

/** A request whose body the client has not sent. */
export function openRequest(client: RawHttp2): RawStream {
  const stream = client.expect(client.nextStream);
  client.send(headersFrame(stream.id, blockOf(bodyPath, { method: "POST" }), { endStream: false }));
  return stream;
}

/** Waits for the reaction. Returns what is wrong with it; undefined if it is right. */
export async function faultOf(
  client: RawHttp2,
  reaction: Reaction,
  stream: RawStream | undefined,
): Promise<string | undefined> {
  switch (reaction.kind) {
    case "connection":
      await client.untilClosed();
      return unlessOneOf(reaction.errors, client.farewell?.error);
    case "stream":
      await client.until(() => stream?.isOver === true || client.farewell !== undefined, "an error");
      return (
        unlessOneOf(reaction.errors, stream?.reset ?? client.farewell?.error) ?? (await useFault(client))
      );
    case "malformed":
      await client.until(() => stream?.isOver === true || client.farewell !== undefined, "a refusal");
      return refusalFault(client, stream) ?? (await useFault(client));
    case "none":
      return unlessOneOf([undefined], client.farewell?.error) ?? (await useFault(client));
    default:
      return reaction satisfies never;
  }
}

function refusalFault(client: RawHttp2, stream: RawStream | undefined): string | undefined {
  if (stream?.status === undefined)
    return unlessOneOf(["PROTOCOL_ERROR"], stream?.reset ?? client.farewell?.error);
  return stream.status === 400 ? undefined : `the status is ${stream.status}, not 400`;
}

/** A connection that the server has not ended with GOAWAY has to answer. */
async function useFault(client: RawHttp2): Promise<string | undefined> {
  if (client.farewell !== undefined) {
    await client.untilClosed();
    return undefined;
  }
  const { status } = await client.exchange(shortPath);
  return status === 200 ? undefined : `a request after it has the status ${status ?? "none"}`;
}

function unlessOneOf(
  errors: readonly (ErrorName | undefined)[],
  error: ErrorName | undefined,
): string | undefined {
  return errors.includes(error)
    ? undefined
    : `the error is ${error ?? "missing"}, not ${errors.join(" or ")}`;
}

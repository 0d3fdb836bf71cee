import { WebSocketClient } from "../../support/web-socket.js";
import type { ReceivedFrame } from "../../support/web-socket.js";
import { within } from "../client.js";
import type { Site } from "../site.js";
import { openSocket } from "../web-sockets.js";
import { question, rawFrame } from "./case.js";
import type { ConformanceCase } from "./case.js";
import type { HandshakeCase } from "./handshake-cases.js";

/** The number of the last message of a case after which the connection must still be open. */
const probe = 999;

/**
 * The words for what the client receives, see {@link ConformanceCase}. If the expected words do not end the connection,
 * the client sends one more message, to see that the connection is open.
 */
export async function outcomeOf(
  site: Site,
  { bytes, outcome }: Pick<ConformanceCase, "bytes" | "outcome">,
  pieceBytes = bytes.length,
): Promise<readonly string[]> {
  const client = await openSocket(site);
  const opened = client.frames.length;
  for (let at = 0; at < bytes.length; at += pieceBytes)
    client.connection.write(bytes.subarray(at, at + pieceBytes));
  const last = outcome.at(-1) ?? "";
  if (!last.startsWith("close")) client.connection.write(rawFrame({ opcode: 1, payload: question(probe) }));
  const isDone = (): boolean =>
    wordsOf(client, opened).some((word) => word.startsWith("close") || word === `filters ${probe}`);
  const failure = await client.until(isDone).then(
    () => undefined,
    (error: unknown) => (client.connection.closed ? [endWord(last)] : [String(error)]),
  );
  const words = wordsOf(client, opened).filter((word) => word !== `filters ${probe}`);
  client.close();
  return failure === undefined ? words : [...words, ...failure];
}

/** The server closed the connection without a close frame, possibly only after the further message. */
function endWord(expected: string): string {
  return expected.startsWith("close") ? "closed" : "a further message: closed";
}

function wordsOf(client: WebSocketClient, opened: number): readonly string[] {
  return client.frames.slice(opened).flatMap((frame) => wordOf(frame) ?? []);
}

function wordOf({ opcode, payload }: ReceivedFrame): string | undefined {
  if (opcode === 8) return `close ${payload.length < 2 ? "without a code" : payload.readUInt16BE(0)}`;
  if (opcode === 10) return `pong ${payload.toString("latin1")}`;
  if (opcode !== 1) return undefined;
  const { kind, request } = JSON.parse(payload.toString()) as Record<string, unknown>;
  return kind === "filters" ? `filters ${String(request)}` : kind === "refused" ? "refused" : undefined;
}

/** The status of the answer to a handshake, or `nothing` if the connection ends without an answer. */
export async function statusOf(site: Site, { request }: HandshakeCase): Promise<string> {
  const client = new WebSocketClient(await site.connect(), { within });
  client.connection.write(request);
  await client.connection.readUntil("\r\n\r\n", { within }).catch(() => undefined);
  client.close();
  return client.head === "" ? "nothing" : (client.head.split(" ")[1] ?? "");
}

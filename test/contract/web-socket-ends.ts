import { holdsConnections } from "./differences.js";
import {
  array,
  assert,
  asyncProperty,
  boolean,
  constant,
  constantFrom,
  integer,
  oneof,
  record,
} from "fast-check";
import { describe, expect, it } from "vitest";
import { clientFrame } from "../support/web-socket.js";
import type { WebSocketClient } from "../support/web-socket.js";
import { currentToken } from "../support/token.js";
import { freshTopic, within } from "./client.js";
import type { Contract } from "./sites.js";
import { openSocket } from "./web-sockets.js";

/** How a client ends its connection. */
type End = "close" | "FIN" | "close and FIN" | "fault";

interface Ending {
  /** The messages, each with the number of its fragments. */
  readonly fragments: readonly number[];
  readonly hasPings: boolean;
  readonly end: End;
  /** The sizes of the pieces in which the client writes everything. The last size repeats. */
  readonly pieces: readonly number[];
}

/** More than all bytes of a client, so that it writes everything at once. */
const wholeBytes = 1024 * 1024;

const endings = record({
  fragments: oneof(
    array(integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 20 }),
    // So many messages that the end arrives while most of them wait.
    integer({ min: 100, max: 200 }).map((count) => Array.from({ length: count }, () => 1)),
  ),
  hasPings: boolean(),
  end: constantFrom<End>("close", "FIN", "close and FIN", "fault"),
  pieces: oneof(
    constant([wholeBytes]),
    array(integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 3 }),
  ),
});

/** The hub handles whatever has arrived before the end of a WebSocket, and answers it. */
export function testWebSocketEnds({ front, mercureSite }: Contract): void {
  describe("what a WebSocket's client sends before the end", () => {
    // Bug: of ten messages and a close frame in one write, the hub published one.
    it("is published and answered, in order, before the hub closes the connection", async () => {
      await assert(
        asyncProperty(endings, async (ending) => {
          const topic = freshTopic();
          const reader = await openSocket(mercureSite(), { query: `topic=${topic}` });
          const token = await currentToken({ publish: [topic] });
          const client = await openSocket(mercureSite(), { headers: { Authorization: `Bearer ${token}` } });
          send(client, topic, ending);
          const expected = ending.fragments.map((_, index) => String(index));
          await reader.dataUntil(expected.at(-1) ?? "");
          expect(reader.data).toEqual(expected);
          reader.close();
          if (answersAtEnd(front, ending.end)) await expectAnswers(client, ending);
          client.close();
        }),
        // Each smaller counterexample would need the whole deadline.
        { numRuns: 40, seed: 10, endOnFailure: true },
      );
    }, 240_000);
  });
}

async function expectAnswers(client: WebSocketClient, { fragments, end }: Ending): Promise<void> {
  await client.connection.readToEnd({ within });
  const answered = client.items.flatMap(({ kind, request }) => (kind === "published" ? [request] : []));
  expect(answered).toEqual(fragments.map((_, index) => index));
  expect(client.closeCode).toBe(closeCodes[end]);
}

const closeCodes: Readonly<Record<End, number>> = {
  close: 1001,
  FIN: 1000,
  "close and FIN": 1001,
  fault: 1002,
};

/** Mongrel2 closes a connection when the client ends its side, before the hub can answer. */
function answersAtEnd(front: Contract["front"], end: End): boolean {
  return holdsConnections(front) || end === "close" || end === "fault";
}

function send({ connection }: WebSocketClient, topic: string, ending: Ending): void {
  const { end, pieces } = ending;
  const bytes = Buffer.concat([...messages(topic, ending), ...lastFrame(end)]);
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const size = Math.max(pieces[Math.min(index, pieces.length - 1)] ?? 1, Math.ceil(bytes.length / 50));
    connection.write(bytes.subarray(at, at + size));
    at += size;
  }
  if (end === "FIN" || end === "close and FIN") connection.endWriting();
}

function messages(topic: string, { fragments, hasPings }: Ending): Buffer[] {
  return fragments.flatMap((count, index) => {
    const text = JSON.stringify({ publish: { topic, data: String(index) }, request: index });
    const size = Math.ceil(text.length / count);
    const frames = Array.from({ length: count }, (_, part) =>
      clientFrame({
        opcode: part === 0 ? 1 : 0,
        payload: Buffer.from(text.slice(part * size, (part + 1) * size)),
        isFinal: part === count - 1,
      }),
    );
    return hasPings ? [...frames, clientFrame({ opcode: 9, payload: Buffer.from("ping") })] : frames;
  });
}

function lastFrame(end: End): Buffer[] {
  if (end === "FIN") return [];
  if (end === "fault") return [Buffer.from([0xc1, 0x80, 0, 0, 0, 0])];
  return [clientFrame({ opcode: 8, payload: Buffer.from([0x03, 0xe9]) })];
}

import { describe, expect, it } from "vitest";
import { clientFrame, handshakeHeaders } from "../support/web-socket.js";
import { waitFor } from "../support/wait-for.js";
import { within } from "./client.js";
import { requestBytes } from "./http-text.js";
import type { FrontName } from "./differences.js";
import { startSite } from "./site.js";
import type { Site } from "./site.js";

/** What the hub holds for clients. Each gauge must be 0 when all clients have left. */
const gauges = [
  "connections",
  "request_body_bytes",
  "filter_bytes",
  "cohorts",
  "filter_levels",
  "pending_bytes",
];

/** A client may leave at any byte. The hub then holds nothing for it. */
export function testWebSocketLeaving(front: FrontName): void {
  describe("a WebSocket's client that leaves", () => {
    // Bug: a client that left in the middle of a message kept its memory reserved until the hub restarted.
    it("at any byte of its exchange leaves nothing behind", async () => {
      const site = await startSite(front);
      const bytes = exchange();
      for (let at = 1; at <= bytes.length; at += 24) await leaveAt(site, bytes, at);
      const left = (): string[] => gauges.filter((name) => site.figure(name) !== 0);
      await waitFor(() => left().length === 0, { within, missing: () => `not 0: ${left().join()}` });
      expect(left()).toEqual([]);
    });

    it("in the middle of a large message leaves nothing behind", async () => {
      const site = await startSite(front);
      const message = clientFrame({ opcode: 1, payload: Buffer.alloc(200 * 1024, " ") });
      const bytes = Buffer.concat([Buffer.from(handshake), message]);
      for (const share of [0.1, 0.5, 0.99]) await leaveAt(site, bytes, Math.floor(share * bytes.length));
      const held = (): number => site.figure("request_body_bytes");
      await waitFor(() => held() === 0, { within, missing: () => `${held()} bytes are reserved` });
      expect(held()).toBe(0);
    });
  });
}

const handshake = requestBytes({ path: "/ws?topic=a/%2B", headers: handshakeHeaders });

/** A handshake, and frames of each kind. */
function exchange(): Buffer {
  const text = (payload: string, opcode = 1, isFinal = true): Buffer =>
    clientFrame({ opcode, payload: Buffer.from(payload), isFinal });
  return Buffer.concat([
    Buffer.from(handshake),
    text('{"add":["b/#"],', 1, false),
    text("ping", 9),
    text('"request":1}', 0),
    text('{"publish":{"topic":"b/c","data":"1"},"request":2}'),
    text('{"token":"x.y.z","request":3}'),
    text('{"drop":["b/#"],"request":4}'),
    clientFrame({ opcode: 8, payload: Buffer.from([0x03, 0xe8]) }),
  ]);
}

/** 24 clients leave, each one byte later than the previous one. They end their side, reset the connection or close it. */
async function leaveAt(site: Site, bytes: Buffer, first: number): Promise<void> {
  await Promise.all(
    Array.from({ length: 24 }, async (_, index) => {
      const connection = await site.connect();
      connection.write(bytes.subarray(0, first + index));
      await new Promise((resolve) => setImmediate(resolve));
      if (index % 3 === 0) connection.endWriting();
      else connection.close({ reset: index % 3 === 1 });
    }),
  );
}

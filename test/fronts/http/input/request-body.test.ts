import { array, assert, asyncProperty, integer, oneof, property } from "fast-check";
import { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BodyMessage } from "../../../../src/fronts/http/input/body-message.js";
import { BodyBuffer } from "../../../../src/gateway/limits/body-buffer.js";
import { within } from "../../../contract/client.js";
import { requestBytes } from "../../../contract/http-text.js";
import { startSite } from "../../../contract/site.js";
import type { Site } from "../../../contract/site.js";
import { usedBytes } from "../../../support/used-bytes.js";
import { waitFor } from "../../../support/wait-for.js";

let site: Site;

beforeAll(async () => {
  site = await startSite("http", { settings: { PHAROS_OPEN: "on" }, onEnd: afterAll });
});

const held = (): number => site.figure("request_body_bytes");

const bodyBytes = 1024 * 1024;
/** Garbage of the test, and the precision of the measurement. */
const noiseBytes = 256 * 1024;

/** A body in chunks of these sizes, without the last chunk. */
function inChunks(sizes: readonly number[]): string {
  return sizes.map((size) => `${size.toString(16)}\r\n${"b".repeat(size)}\r\n`).join("");
}

const head = requestBytes({
  method: "POST",
  path: "/publish/a",
  headers: { "Transfer-Encoding": "chunked" },
});

describe("a body in chunks", () => {
  // Bug: Node keeps an object of about 100 bytes for each chunk, and the budget counted 1 byte. Eight bodies of
  // 1,000,000 chunks of one byte ended a hub with a heap of 384 MB.
  it("uses and reserves at most twice its bytes and 1 KiB, however they are divided, and is published whole", async () => {
    const sizes = oneof(
      integer({ min: 1, max: 60_000 }).map((count) => Array.from({ length: count }, () => 1)),
      array(integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 100 }),
    );
    await assert(
      asyncProperty(sizes, async (chunks) => {
        const bytes = chunks.reduce((sum, size) => sum + size, 0);
        const connection = await site.connect();
        connection.write(head + inChunks(chunks));
        await waitFor(() => held() >= bytes, {
          within,
          missing: () => `${held()} of ${bytes} bytes are held`,
        });
        expect(held()).toBeLessThanOrEqual(2 * bytes + 1024);
        connection.write("0\r\n\r\n");
        await connection.readUntil("HTTP/1.1 200 OK", { within });
        expect(held()).toBe(0);
        connection.close();
      }),
      { numRuns: 15, seed: 6 },
    );
  });

  // Bug: see above. The measurement counts what no reservation counts, such as an object for each chunk.
  it("uses at most three times its bytes of the process's memory, however they are divided", () => {
    assert(
      property(integer({ min: 1, max: 8 }), (size) => {
        const body = new BodyBuffer({ reservation: { resize: () => undefined }, mostBytes: bodyBytes });
        const message = new BodyMessage(new Socket());
        message.readBody((chunk) => body.append(chunk));
        const received = Buffer.alloc(size);
        const before = usedBytes();
        for (let sent = 0; sent + size <= bodyBytes; sent += size) message.push(received.subarray());
        expect(usedBytes() - before).toBeLessThanOrEqual(3 * bodyBytes + noiseBytes);
        expect(body.join().length).toBeGreaterThan(bodyBytes - size);
      }),
      { numRuns: 10, seed: 6 },
    );
  });

  it("is gathered in one buffer until it is read, and pauses its connection after 4 KiB", () => {
    // Bug: 16,384 chunks of one byte used 2 MB for each connection, before the client's rights were known.
    const message = new BodyMessage(new Socket());
    const pushed = Array.from({ length: 6000 }, (_, index) => message.push(Buffer.from([index % 256])));
    expect(pushed.indexOf(false)).toBe(4095);
    expect(message.readableLength).toBe(0);
    const got: Buffer[] = [];
    message.readBody((chunk) => got.push(Buffer.from(chunk)));
    expect(message.push(Buffer.from("more"))).toBe(true);
    const expected = Buffer.concat([Buffer.from(pushed.map((_, index) => index % 256)), Buffer.from("more")]);
    expect(Buffer.concat(got).equals(expected)).toBe(true);
    expect(got).toHaveLength(2);
  });
});

import { describe, expect, it } from "vitest";
import { within } from "../../contract/client.js";
import { parseResponse, requestBytes } from "../../contract/http-text.js";
import { startSite } from "../../contract/site.js";
import { openSocket } from "../../contract/web-sockets.js";
import { handshakeHeaders } from "../../support/web-socket.js";

const handshake = requestBytes({ path: "/ws", headers: handshakeHeaders });

describe("a WebSocket at the HTTP front", { timeout: 3 * within }, () => {
  it.each([
    ["a frame without a mask", Buffer.from([0x81, 0x00]), 1002],
    ["a reserved bit", Buffer.from([0xc1, 0x80, 0, 0, 0, 0]), 1002],
    ["an unknown kind of frame", Buffer.from([0x83, 0x80, 0, 0, 0, 0]), 1002],
    ["text that is not UTF-8", Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff]), 1007],
    ["a close code that nobody may send", Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xed]), 1002],
    ["bytes", Buffer.from([0x82, 0x80, 0, 0, 0, 0]), 1003],
    [
      "the beginning of a message of 1 MiB",
      Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0]),
      1009,
    ],
  ])("is closed for %s, with the code that says why", async (_what, bytes, code) => {
    const site = await startSite("http");
    const client = await openSocket(site);
    client.connection.write(bytes);
    await client.connection.readToEnd({ within });
    expect(client.closeCode).toBe(code);
  });

  it("is told that the hub stops", async () => {
    const site = await startSite("http");
    const client = await openSocket(site);
    await Promise.all([site.stop(), client.connection.readToEnd({ within })]);
    expect(client.closeCode).toBe(1001);
  });

  it("takes messages in pieces, with pings between them", async () => {
    const site = await startSite("http");
    const client = await openSocket(site);
    client.send(1, "{", { isFinal: false });
    client.send(9, "ping");
    await client.until(() => client.frames.some(({ opcode }) => opcode === 10));
    client.send(0, "}");
    expect(await client.item("refused")).toMatchObject({ code: "bad-request" });
  });

  it("is refused where Node's server reads what comes after the handshake", async () => {
    const site = await startSite("http");
    const connection = await site.connect();
    connection.write(
      requestBytes({ path: "/ws", headers: { ...handshakeHeaders, "Content-Length": "1" }, body: "x" }),
    );
    const text = await connection.readUntil((received) => parseResponse(received) !== undefined, { within });
    expect(parseResponse(text)?.status).toBe(400);
  });

  it("reads frames that came with the handshake", async () => {
    const site = await startSite("http");
    const client = await openSocket(site);
    client.close();
    const connection = await site.connect();
    connection.write(Buffer.concat([Buffer.from(handshake), Buffer.from([0x89, 0x80, 0, 0, 0, 0])]));
    const text = await connection.readUntil((received) => received.includes("\x8a\x00"), { within });
    expect(text).toContain("101 Switching Protocols");
  });
});

import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { chosenProtocol } from "../../../src/fronts/http/chosen-protocol.js";
import type { HttpProtocol } from "../../../src/fronts/http/chosen-protocol.js";
import { clientPreface } from "../../../src/fronts/http2/wire/protocol.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { before, waitFor } from "../../support/wait-for.js";
import { socketPair, within } from "../http2/session/raw-client.js";

interface Choice {
  readonly clock: VirtualClock;
  readonly socket: Socket;
  readonly client: Socket;
  readonly chosen: HttpProtocol[];
  /** What the owner of the socket has got from it. */
  readonly received: () => string;
}

async function choose(mayBegin: boolean): Promise<Choice> {
  const [socket, client] = await socketPair();
  const clock = new VirtualClock();
  const chosen: HttpProtocol[] = [];
  let received = "";
  socket.on("error", () => undefined);
  chosenProtocol(socket, {
    clock,
    mayBegin: () => mayBegin,
    chosen: (protocol) => {
      chosen.push(protocol);
      socket.on("data", (bytes: Buffer) => (received += bytes.toString("latin1")));
      socket.resume();
    },
  });
  return { clock, socket, client, chosen, received: () => received };
}

const request = "POST / HTTP/1.1\r\n\r\n";
const preface = clientPreface.toString("latin1");

describe("a client without TLS that may begin with HTTP/2", () => {
  it.each<[HttpProtocol, string]>([
    ["h2", preface],
    ["http/1", request],
    ["http/1", "PRINT / HTTP/1.1\r\n\r\n"],
    ["http/1", "GET / HTTP/1.1\r\n\r\n"],
  ])("chooses %s by its first bytes, in whatever pieces they come: %j", async (protocol, text) => {
    for (let at = 1; at < 6; at += 1) {
      const { clock, socket, client, chosen, received } = await choose(true);
      for (const part of [text.slice(0, at), text.slice(at)]) {
        const { bytesRead } = socket;
        client.write(part);
        await waitFor(() => socket.bytesRead >= bytesRead + part.length, { within, missing: "the bytes" });
      }
      await waitFor(() => received() === text, { within, missing: () => `the hub got ${received()}` });
      expect(chosen).toEqual([protocol]);
      expect(clock.timers).toBe(0);
    }
  });

  it("is disconnected if it leaves before it has chosen", async () => {
    const { clock, socket, client, chosen } = await choose(true);
    client.end("PR");
    await before(once(socket, "close"), { within, missing: "the socket is open" });
    expect(chosen).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  it("is disconnected if it resets the connection", async () => {
    const { clock, socket, client, chosen } = await choose(true);
    client.resetAndDestroy();
    await waitFor(() => socket.destroyed && clock.timers === 0, { within, missing: "the socket is open" });
    expect(chosen).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  it.each(["", "PRI"])("has 60 seconds to choose after %j", async (text) => {
    const { clock, socket, client, chosen } = await choose(true);
    client.write(text);
    await waitFor(() => socket.bytesRead === text.length, { within, missing: "the bytes" });
    clock.advance(59_999);
    expect(socket.destroyed).toBe(false);
    clock.advance(1);
    expect(socket.destroyed).toBe(true);
    await before(once(client, "close"), { within, missing: "the client is connected" });
    expect(chosen).toEqual([]);
    expect(clock.timers).toBe(0);
  });
});

describe("a client without TLS that may not begin with HTTP/2", () => {
  it("speaks HTTP/1, whatever it sends, and nothing waits for its first bytes", async () => {
    const { clock, client, chosen, received } = await choose(false);
    expect(chosen).toEqual(["http/1"]);
    expect(clock.timers).toBe(0);
    client.write(preface);
    await waitFor(() => received() === preface, { within, missing: "the bytes" });
  });
});

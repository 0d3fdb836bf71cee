import { describe, expect, it } from "vitest";
import { DataOutput } from "../../../../src/fronts/http2/session/data-output.js";
import { SessionOutput } from "../../../../src/fronts/http2/session/session-output.js";
import { initialWindowBytes } from "../../../../src/fronts/http2/wire/protocol.js";
import { Random } from "../../../support/random.js";
import { framesOf, HeldSocket } from "./reading-client.js";
import { SessionModel } from "./session-model.js";

describe("the output of a session", () => {
  it("sends each stream's bytes in order and once, within the windows, whatever the client does", () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const model = new SessionModel(new Random(seed));
      for (let step = 0; step < 300; step += 1) model.step();
      expect(model.finish()).toEqual([]);
    }
  });
});

/** An output, its socket and some streams, each with the same number of waiting bytes. */
function outputOf(
  streams: number,
  bytes: number,
): {
  readonly output: SessionOutput;
  readonly socket: HeldSocket;
  readonly streams: readonly DataOutput[];
} {
  const socket = new HeldSocket();
  const output = new SessionOutput(socket, () => undefined);
  const opened = Array.from({ length: streams }, (_, at) => {
    const stream = new DataOutput(2 * at + 1, initialWindowBytes);
    stream.add(Buffer.alloc(bytes));
    output.proceed(stream);
    return stream;
  });
  return { output, socket, streams: opened };
}

function streamsIn(socket: HeldSocket): readonly number[] {
  return socket.writes.splice(0).flatMap((bytes) => framesOf(bytes).map(({ stream }) => stream));
}

describe("one stream", () => {
  it.each([
    [65_535, 65_535, 32_768],
    [100_000, 65_535, 32_768],
    [65_535, 1_000_000, 32_768],
    [1_000_000, 1_000_000, 500_001],
    [20_000, 65_535, 16_384],
    [100, 65_535, 100],
    [0, 65_535, 0],
  ])("with a window of %i bytes on a connection with %i gets %i bytes", (own, connection, most) => {
    const socket = new HeldSocket();
    const output = new SessionOutput(socket, () => undefined);
    output.window.add(connection - initialWindowBytes);
    const stream = new DataOutput(1, own);
    stream.add(Buffer.alloc(2_000_000));
    output.proceed(stream);
    output.flush();
    while (socket.isWriting) socket.accept();
    expect(stream.sentBytes).toBe(most);
  });
});

describe("many streams", () => {
  it("take turns, one frame of each", () => {
    const { output, socket } = outputOf(6, 20_000);
    output.window.add(1_000_000);
    output.flush();
    expect(streamsIn(socket)).toEqual([1, 3, 5, 7]);
    socket.accept();
    // The first four have their share of 32,768 bytes only after their second frame.
    expect(streamsIn(socket).slice(0, 2)).toEqual([9, 11]);
  });

  it("get what they need although others do not read", () => {
    const { output, socket, streams } = outputOf(100, 1000);
    const [unread] = streams;
    unread?.add(Buffer.alloc(1_000_000));
    output.window.add(1_000_000);
    for (output.flush(); socket.isWriting;) socket.accept();
    expect(streams.slice(1).every(({ waitingBytes }) => waitingBytes === 0)).toBe(true);
  });

  it("are not asked again for each byte that the connection gets back", () => {
    const { output, socket, streams } = outputOf(2, 100_000);
    for (const stream of streams) stream.window.add(1_000_000);
    for (output.flush(); socket.isWriting;) socket.accept();
    const { dataBytes } = output;
    expect(dataBytes).toBe(initialWindowBytes);
    expect(output.isBlocked).toBe(true);
    for (const stream of streams) {
      stream.close();
      output.remove(stream);
    }
    expect(output.isBlocked).toBe(false);
    output.window.add(10_000);
    output.resume();
    for (output.flush(); socket.isWriting;) socket.accept();
    expect(output.dataBytes).toBe(dataBytes);
  });
});

describe("the end of a session", () => {
  it("comes after everything that the windows allow, and writes nothing more", () => {
    const { output, socket } = outputOf(1, 1000);
    output.end();
    output.flush();
    expect(socket.isEnded).toBe(false);
    socket.accept();
    expect(socket.isEnded).toBe(true);
  });

  it("does not write to a socket that is closed", () => {
    const { output, socket } = outputOf(1, 1000);
    socket.destroyed = true;
    output.flush();
    expect(socket.writes).toEqual([]);
  });
});

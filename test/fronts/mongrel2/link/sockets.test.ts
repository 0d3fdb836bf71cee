import { systemClock } from "../../../../src/app/system-clock.js";
import { expect, it, onTestFinished } from "vitest";
import { LinkSockets, type SocketEvents } from "../../../../src/fronts/mongrel2/link/sockets.js";
import { startChild } from "../../../support/ipc.js";
import { Changes } from "../../../support/wait-for.js";
import type { RestartingServerProtocol } from "./restarting-server.js";

const within = 20_000;

// Bug: the server restarted and subscribed during a long turn of this process's event loop. The process sent messages
// before the event loop read the subscription. ZeroMQ delivered the messages to the new run, where the ids belong to
// other clients.
it("send nothing to a new run of the server before they have told of it", async () => {
  const entry = new URL("./restarting-server.ts", import.meta.url);
  const server = startChild<RestartingServerProtocol>({ entry });
  const { send, recv } = await server.call("start", null);
  const told: string[] = [];
  const changes = new Changes();
  const tell = (event: string) => (): void => {
    told.push(event);
    changes.changed();
  };
  const events: SocketEvents = {
    frame: tell("frame"),
    subscribed: tell("subscribed"),
    unsubscribed: tell("unsubscribed"),
    remade: () => undefined,
    overtaken: tell("overtaken"),
    failed: tell("failed"),
  };
  const sockets = new LinkSockets({
    sendSpec: send,
    recvSpec: recv,
    receivedFrames: 100,
    clock: systemClock,
    events,
  });
  onTestFinished(() => sockets.close());
  await changes.until(() => told.length === 1, { within, missing: "the server has not subscribed" });
  await server.call("restart", null);
  // During this long turn, the process reads nothing, but ZeroMQ's own thread reconnects.
  const deadline = Date.now() + within;
  while (told.at(-1) !== "overtaken" && Date.now() < deadline) {
    block(20);
    sockets.send(Buffer.from("for the old run"));
  }
  block(300);
  sockets.send(Buffer.from("for the old run"));
  expect(told).toEqual(["subscribed", "overtaken", "overtaken"]);
  sockets.close();
  told.length = 0;
  const next = new LinkSockets({
    sendSpec: send,
    recvSpec: recv,
    receivedFrames: 100,
    clock: systemClock,
    events,
  });
  onTestFinished(() => next.close());
  await changes.until(() => told.at(-1) === "subscribed", {
    within,
    missing: "the new run has not subscribed",
  });
  next.send(Buffer.from("for the new run"));
  let received: readonly string[] = [];
  while (!received.includes("for the new run")) received = await server.call("received", null);
  expect(received).toEqual(["for the new run"]);
});

/** Blocks the event loop for so many milliseconds. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

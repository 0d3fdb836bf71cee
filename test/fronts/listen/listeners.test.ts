import { link, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { Socket, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { silentLogger } from "../../../src/base/log.js";
import type { ListenAddress } from "../../../src/config/values/listen-address.js";
import type { BoundAddress } from "../../../src/fronts/front.js";
import { Listeners } from "../../../src/fronts/listen/listeners.js";
import type { ListenersOptions } from "../../../src/fronts/listen/listeners.js";
import { within } from "../../contract/client.js";
import { freePort } from "../../support/free-port.js";
import { connectRaw } from "../../support/raw-http.js";
import { waitFor, waitForEvent } from "../../support/wait-for.js";

interface Accepted {
  readonly listeners: Listeners;
  /** The listener of each connection that was accepted. */
  readonly accepted: number[];
  readonly sockets: Socket[];
  /** The number of connections above the limit. */
  dropped: number;
}

function createListeners(
  addresses: readonly (number | ListenAddress)[],
  { connections = 100 }: Partial<ListenersOptions["limits"]> = {},
): Accepted {
  const accepted: number[] = [];
  const sockets: Socket[] = [];
  const result: Accepted = {
    accepted,
    sockets,
    dropped: 0,
    listeners: new Listeners({
      listeners: addresses.map((address) => ({
        address: typeof address === "number" ? { kind: "tcp", host: "127.0.0.1", port: address } : address,
        secure: false,
        redirects: false,
        socketMode: 0o660,
      })),
      limits: { connections },
      accept: (socket, { listener }) => {
        accepted.push(listener);
        sockets.push(socket);
      },
      dropped: () => (result.dropped += 1),
      logger: silentLogger,
    }),
  };
  onTestFinished(() => {
    result.listeners.close();
    for (const socket of sockets) socket.destroy();
  });
  return result;
}

function portOf(bound: BoundAddress | undefined): number {
  return Number(new URL(bound?.url ?? "").port);
}

test("every address is bound, and a connection comes with the number of its listener", async () => {
  const { listeners, accepted } = createListeners([0, 0]);
  const [first, second] = await listeners.open();
  await connectRaw({ port: portOf(second) });
  await waitFor(() => accepted.length === 1, { within, missing: "the connection to the second address" });
  await connectRaw({ port: portOf(first) });
  await waitFor(() => accepted.length === 2, { within, missing: "the connection to the first address" });
  expect(accepted).toEqual([1, 0]);
});

test("nothing is read from a connection before somebody takes it", async () => {
  const { listeners, sockets } = createListeners([0]);
  const connection = await connectRaw({ port: portOf((await listeners.open())[0]) });
  connection.write("early");
  const [socket] = await waitFor(() => sockets.length > 0 && sockets, { within, missing: "the connection" });
  expect([socket?.isPaused(), socket?.bytesRead]).toEqual([true, 0]);
});

test("the limit of connections is one for all listeners, and a connection that ends makes room", async () => {
  const site = createListeners([0, 0], { connections: 2 });
  const [first, second] = await site.listeners.open();
  await connectRaw({ port: portOf(first) });
  await connectRaw({ port: portOf(second) });
  const third = await connectRaw({ port: portOf(second) });
  await third.readToEnd({ within });
  expect([site.accepted.length, site.dropped]).toEqual([2, 1]);
  const [open] = site.sockets;
  const closed = waitForEvent(open ?? new Socket(), "close", { within, missing: "the end of the first one" });
  open?.destroy();
  await closed;
  await connectRaw({ port: portOf(second) });
  await waitFor(() => site.accepted.length === 3, { within, missing: "the connection that has room again" });
  expect(site.dropped).toBe(1);
});

test("no address stays bound if another one cannot be bound", async () => {
  const taken = createListeners([0]);
  const takenPort = portOf((await taken.listeners.open())[0]);
  const port = await freePort();
  const { listeners } = createListeners([port, takenPort]);
  await expect(listeners.open()).rejects.toMatchObject({
    code: "unreachable",
    message: expect.stringContaining(`cannot listen on 127.0.0.1:${takenPort}: `) as string,
  });
  const refused = await new Promise((resolve) => {
    connect({ host: "127.0.0.1", port })
      .on("error", (error: NodeJS.ErrnoException) => resolve(error.code))
      .on("connect", () => resolve("connected"));
  });
  expect(refused).toBe("ECONNREFUSED");
});

test("a second close removes no socket file: it may belong to the next hub", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pharos-listeners-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "http");
  const { listeners } = createListeners([{ kind: "unix", path }]);
  await listeners.open();
  // The same file, as if the next hub's file had its number and its time.
  await link(path, join(folder, "next"));
  listeners.close();
  expect(await readdir(folder)).toEqual(["next"]);
  await rename(join(folder, "next"), path);
  listeners.close();
  expect(await readdir(folder)).toEqual(["http"]);
});

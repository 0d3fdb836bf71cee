import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { spawnSync } from "node:child_process";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../src/app/system-clock.js";
import type { Clock } from "../../../src/base/clock.js";
import { silentLogger } from "../../../src/base/log.js";
import { parseEndpoint } from "../../../src/zeromq/endpoint.js";
import { PullServer } from "../../../src/zeromq/zmtp/pull-server.js";
import { ipcPath, openPush } from "../../ingress/zeromq/open-ingress.js";
import { publishRaw, zmtpFrame, zmtpGreeting, zmtpReady } from "../../support/raw-publisher.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { before, waitForEvent } from "../../support/wait-for.js";

const within = 30_000;

async function open(
  endpoint: string,
  options: { readonly admit?: (socket: Socket) => boolean; readonly clock?: Clock } = {},
): Promise<PullServer> {
  const server = await PullServer.open({
    maxFrameBytes: 1_000_000,
    mostFrames: 4,
    admit: () => true,
    clock: systemClock,
    logger: silentLogger,
    ...options,
    endpoint: parseEndpoint(endpoint, "bind"),
  });
  onTestFinished(() => server.close());
  return server;
}

/** The next messages, as text. */
async function receive(server: PullServer, count: number): Promise<string[]> {
  const messages: string[] = [];
  while (messages.length < count) {
    const frames = await before(Promise.resolve(server.receive()), {
      within,
      missing: () => `message ${messages.length + 1} of ${count}`,
    });
    messages.push(frames.join("|"));
  }
  return messages;
}

describe("PullServer", () => {
  it.each(["@tcp://127.0.0.1:0", "@tcp://[::1]:0", "path"])(
    "receives what a publisher with libzmq sends to %s",
    async (endpoint) => {
      const server = await open(endpoint === "path" ? `@ipc://${ipcPath()}` : endpoint);
      const push = openPush(server.address, { ipv6: true, heartbeatInterval: 50, heartbeatTimeout: 5000 });
      const sizes = [0, 1, 255, 256, 70_000, 900_000];
      const receiving = receive(server, sizes.length);
      for (const size of sizes) await push.send(["topic", "x".repeat(size)]);
      expect((await receiving).map((text) => text.length - "topic|".length)).toEqual(sizes);
    },
  );

  it("receives all messages of a publisher that leaves at once", async () => {
    const path = ipcPath();
    const server = await open(`@ipc://${path}`);
    const socket = connect({ path });
    const messages = Array.from({ length: 10_000 }, (_, n) => zmtpFrame(String(n)));
    socket.end(Buffer.concat([zmtpGreeting, zmtpReady(), ...messages]));
    expect(await receive(server, 10_000)).toEqual(Array.from({ length: 10_000 }, (_, n) => String(n)));
  });

  it("takes messages from publishers in turn", async () => {
    const path = ipcPath();
    const server = await open(`@ipc://${path}`);
    const push = openPush(server.address);
    for (let n = 0; n < 1000; n += 1) await push.send("flood");
    await receive(server, 1);
    const other = openPush(server.address);
    await other.send("other");
    expect(await receive(server, 1000)).toContain("other");
  });

  it("lets publishers that it refuses try again, and loses nothing", async () => {
    const path = ipcPath();
    let refused = 0;
    const server = await open(`@ipc://${path}`, {
      admit: (socket) => {
        if (refused >= 100) return true;
        refused += 1;
        socket.destroy();
        return false;
      },
    });
    const push = openPush(server.address, { immediate: false });
    for (let n = 0; n < 10; n += 1) await push.send("libzmq");
    const names = Array.from({ length: 60 }, (_, n) => String(n));
    const attempts = Promise.all(names.map((name) => publishRaw({ path }, [name])));
    const received = await receive(server, 70);
    expect(received.toSorted()).toEqual([...names, ...Array.from({ length: 10 }, () => "libzmq")].toSorted());
    expect(Math.max(...(await attempts))).toBeGreaterThan(1);
  });

  it("disconnects a connection that does not end its handshake in 30 s, and no other", async () => {
    const path = ipcPath();
    const clock = new VirtualClock();
    const server = await open(`@ipc://${path}`, { clock });
    const silent = connect({ path }).resume();
    silent.write(zmtpGreeting.subarray(0, 20));
    const publisher = connect({ path }).resume();
    publisher.write(Buffer.concat([zmtpGreeting, zmtpReady(), zmtpFrame("first")]));
    expect(await receive(server, 1)).toEqual(["first"]);
    const closed = waitForEvent(silent, "close", { within, missing: "the end of the silent connection" });
    clock.advance(30_000);
    await closed;
    publisher.end(zmtpFrame("second"));
    expect(await receive(server, 1)).toEqual(["second"]);
  });

  it("disconnects a publisher that pings and does not read", async () => {
    const path = ipcPath();
    await open(`@ipc://${path}`);
    const socket = connect({ path }).on("error", () => undefined);
    onTestFinished(() => void socket.destroy());
    socket.write(Buffer.concat([zmtpGreeting, zmtpReady()]));
    const closed = waitForEvent(socket, "close", { within, missing: "the end of the connection" });
    const ping = zmtpFrame(`\x04PING\0\0${"c".repeat(16)}`, 4);
    const write = (): void => {
      if (!socket.destroyed) socket.write(ping, () => setImmediate(write));
    };
    for (let n = 0; n < 50; n += 1) write();
    await expect(closed).resolves.toBeDefined();
  });

  it("replaces the file of a program that was killed, and removes its own", async () => {
    const path = ipcPath();
    const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`;
    spawnSync(process.execPath, ["-e", script]);
    expect(existsSync(path)).toBe(true);
    const server = await open(`@ipc://${path}`);
    await openPush(server.address).send("x");
    expect(await receive(server, 1)).toEqual(["x"]);
    server.close();
    expect(existsSync(path)).toBe(false);
  });

  it("refuses a path that another program uses, and keeps a file that is no socket", async () => {
    const [used, file] = [ipcPath(), ipcPath()];
    const other = createServer((socket) => socket.destroy());
    onTestFinished(() => void other.close());
    await new Promise<void>((resolve) => other.listen(used, resolve));
    writeFileSync(file, "notes");
    for (const path of [used, file])
      await expect(open(`@ipc://${path}`)).rejects.toThrowError(
        expect.objectContaining({ code: "bad-endpoint", message: expect.stringMatching(/in use/) }),
      );
    expect(readFileSync(file, "utf8")).toBe("notes");
  });

  it("ends a waiting receive when it is closed, and closes twice", async () => {
    const server = await open(`@ipc://${ipcPath()}`);
    const waiting = server.receive();
    server.close();
    server.close();
    await expect(waiting).rejects.toThrowError(/closed/);
  });
});

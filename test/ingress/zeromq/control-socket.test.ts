import { Push } from "zeromq";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../src/app/system-clock.js";
import { ControlSocket } from "../../../src/ingress/zeromq/control-socket.js";
import { parseEndpoint } from "../../../src/zeromq/endpoint.js";
import { Changes } from "../../support/wait-for.js";
import { ipcPath, openPush, Records } from "./open-ingress.js";

async function openControl(endpoint: string) {
  const changes = new Changes();
  const records = new Records();
  let shutdowns = 0;
  const control = await ControlSocket.open({
    endpoint: parseEndpoint(endpoint, "bind"),
    onShutdown: () => {
      shutdowns += 1;
      changes.changed();
    },
    clock: systemClock,
    logger: records,
  });
  onTestFinished(() => control.close());
  const shutdown = (): Promise<void> =>
    changes.until(() => shutdowns > 0, { within: 30_000, missing: "the call of onShutdown" });
  return { control, records, shutdown, shutdowns: () => shutdowns };
}

describe("ControlSocket", () => {
  it("calls for a shutdown at that message and no other", async () => {
    const { control, records, shutdown, shutdowns } = await openControl(`@ipc://${ipcPath()}`);
    const push = openPush(control.address);
    const startedAt = performance.now();
    for (const other of ["", "stop", "shutdown now", "SHUTDOWN", ["shutdown", ""]]) await push.send(other);
    await records.logged("ignored a control message");
    expect(shutdowns()).toBe(0);
    await push.send("shutdown");
    await shutdown();
    expect(shutdowns()).toBe(1);
    // The hub logs at most one line a second. The allowed number of lines depends on the elapsed time, because the
    // machine may be slow.
    expect(records.lines.length).toBeLessThanOrEqual(2 + (performance.now() - startedAt) / 1000);
  });

  it("takes the message with a newline, as a shell sends it", async () => {
    const { control, shutdown } = await openControl(`@ipc://${ipcPath()}`);
    await openPush(control.address).send("shutdown\n");
    await expect(shutdown()).resolves.toBeUndefined();
  });

  it("cuts a peer that sends more than a word, and goes on", async () => {
    const { control, shutdown } = await openControl(`@ipc://${ipcPath()}`);
    await openPush(control.address).send("x".repeat(10_000));
    await openPush(control.address).send("shutdown");
    await expect(shutdown()).resolves.toBeUndefined();
  });

  // The programs of 2011 bind their stop queue, and the hub refused to connect to it.
  it("connects to a queue that the other program binds, now or later", async () => {
    const path = ipcPath();
    const { shutdown } = await openControl(`>ipc://${path}`);
    const queue = new Push({ linger: 0 });
    onTestFinished(() => queue.close());
    await queue.bind(`ipc://${path}`);
    await queue.send("shutdown");
    await expect(shutdown()).resolves.toBeUndefined();
  });

  it.each(["@tcp://127.0.0.1:0", ">tcp://127.0.0.1:1"])("refuses %s", async (endpoint) => {
    await expect(openControl(endpoint)).rejects.toThrowError(
      expect.objectContaining({ code: "bad-endpoint" }),
    );
  });

  it("closes twice", async () => {
    const { control } = await openControl(`@ipc://${ipcPath()}`);
    await expect(Promise.all([control.close(), control.close()])).resolves.toHaveLength(2);
  });
});

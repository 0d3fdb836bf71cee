import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseTcpRow, readUnacknowledged, tcpKey } from "../../../../src/fronts/http/vanished/tcp-table.js";
import { waitForEvent } from "../../../support/wait-for.js";

const peer = "0100007F:1F90 0200007F:ABCD";

function rowOf(
  queue: string,
  attempts: readonly [retransmissions: string, probes: number],
  state = "01",
): string {
  const [retransmissions, probes] = attempts;
  return `  12: ${peer} ${state} ${queue}:00000000 01:00000014 ${retransmissions}     0        ${probes} 2254185 2 0000000065958692 20 4 30 10 -1`;
}

describe("a row of the system's table", () => {
  it.each([
    ["bytes that were sent again", rowOf("0000002A", ["00000003", 0]), { bytes: 42, attempts: 3 }],
    ["probes without an answer", rowOf("0000002A", ["00000000", 2]), { bytes: 42, attempts: 2 }],
    ["bytes that were just sent", rowOf("0000002A", ["00000000", 0]), { bytes: 42, attempts: 0 }],
  ])("with %s is unacknowledged", (_name, row, expected) => {
    expect(parseTcpRow(row)).toEqual({ key: "1F90 0200007F:ABCD", ...expected });
  });

  it.each([
    ["no bytes", rowOf("00000000", ["00000003", 0])],
    ["another state", rowOf("0000002A", ["00000003", 0], "0A")],
    [
      "the names of the columns",
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt",
    ],
  ])("with %s is not", (_name, row) => {
    expect(parseTcpRow(row)).toBeUndefined();
  });
});

/** The hub's end of a connection to this address. */
async function accepted(listenOn: string, address: string): Promise<Socket> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, listenOn, resolve));
  const client = connect((server.address() as AddressInfo).port, address);
  const socket = (await waitForEvent(server, "connection", {
    within: 30_000,
    missing: "a client",
  })) as Socket;
  onTestFinished(() => {
    client.destroy();
    socket.destroy();
    server.close();
  });
  return socket;
}

describe("the key of a connection", () => {
  it.each([
    ["127.0.0.1", "127.0.0.1", "tcp"],
    ["::1", "::1", "tcp6"],
    ["::", "127.0.0.1", "tcp6"],
  ])("on %s to %s is in the system's own table", async (listenOn, address, table) => {
    const key = tcpKey(await accepted(listenOn, address)) ?? "no key";
    expect(readFileSync(`/proc/self/net/${table}`, "utf8")).toContain(`:${key} 01 `);
  });

  it.each([
    ["2001:db8::1:2", "B80D0120000000000000000002000100"],
    ["fe80::1%eth0", "000080FE000000000000000001000000"],
    ["::", "00000000000000000000000000000000"],
    ["1:2:3:4:5:6:7:8", "02000100040003000600050008000700"],
  ])("of %s has its bytes in the order of the kernel", (remoteAddress, hex) => {
    expect(tcpKey({ localPort: 80, remoteAddress, remotePort: 255 })).toBe(`0050 ${hex}:00FF`);
  });

  it("of a closed connection is undefined", () => {
    expect(tcpKey({})).toBeUndefined();
  });
});

it("the system's tables can be read", async () => {
  await expect(readUnacknowledged()).resolves.toBeInstanceOf(Array);
});

// Bug: a system without IPv6 has no table for it, and the other table was not read either.
it("a table that the system does not have is skipped", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pharos-tcp-table-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const table = join(folder, "tcp");
  writeFileSync(table, `${rowOf("0000002A", ["00000003", 0])}\n`);
  await expect(readUnacknowledged([join(folder, "tcp6"), table])).resolves.toEqual([
    { key: "1F90 0200007F:ABCD", bytes: 42, attempts: 3 },
  ]);
});

import { expect, test } from "vitest";
import { startLoadClients } from "./client.js";
import { certificateFolder, makeCertificate } from "../tls/certificates.js";
import { encodeEvents, startRawStreamServer, streamHead } from "./raw-stream-server.js";

const within = 60_000;

test("clients open, receive, and are waited for by what they have received", async () => {
  const server = await startRawStreamServer();
  const load = startLoadClients();
  const group = await load.open({ name: "fast", clients: 50, port: server.port, topics: ["a b", "c#"] });
  expect(server.requests[0]).toContain("GET /esupdates?topic=a%20b&topic=c%23 HTTP/1.1\r\n");
  const reached = group.waitSequence({ atLeast: 1000, within });
  await server.write(encodeEvents({ from: 1, events: 1000 }));
  await reached;
  const { counts, delays, lowest, highest } = await group.snapshot();
  expect([await group.faults(), counts.events, delays.count, lowest, highest]).toEqual([
    {},
    50_000,
    50_000,
    1000,
    1000,
  ]);
  expect(await group.leave({ clients: 20 })).toBe(20);
  expect((await group.snapshot()).counts).toMatchObject({ open: 30, left: 20, closed: 0 });
  await expect(group.waitSequence({ atLeast: 1001, within: 20 })).rejects.toThrow(
    "after 20 ms: group fast: 30 clients have not reached sequence 1001 (of 50 clients 30 are open, 20 left",
  );
});

test("a client that was cut comes back with the id of its last event", async () => {
  const server = await startRawStreamServer();
  const load = startLoadClients();
  const group = await load.open({
    name: "back",
    clients: 3,
    port: server.port,
    reconnect: { delayMs: 10 },
    firstSequence: 1,
  });
  await server.write(encodeEvents({ from: 1, events: 2 }));
  await group.waitSequence({ atLeast: 2, within });
  server.cut();
  await group.waitCount("opened", { atLeast: 6, within });
  expect(server.requests.slice(3).map((request) => /last-event-id: (.*)\r/i.exec(request)?.[1])).toEqual([
    "#test:2",
    "#test:2",
    "#test:2",
  ]);
  expect(await group.faults(["closed"])).toEqual({});
  expect((await group.snapshot()).counts).toMatchObject({ closed: 3, reconnects: 3, open: 3 });
});

test("answers that are no event stream are refused, and foreign bytes before a head are seen", async () => {
  const answers = ["HTTP/1.1 404 Not Found\r\n\r\n", "xxx\n\n", `${streamHead}id: 1\n\n`];
  const server = await startRawStreamServer({ head: () => answers.pop() ?? "" });
  const load = startLoadClients();
  const group = await load.begin({ name: "odd", clients: 3, port: server.port });
  await group.waitCount("refused", { atLeast: 2, within });
  await group.waitOpen({ atLeast: 1, within });
  const { counts, refused } = await group.snapshot();
  expect(counts).toMatchObject({ opened: 1, refused: 2, foreignClients: 1 });
  expect(refused.join()).toContain("status 404");
});

test.each([
  ["", false, 20],
  // The first read has up to 64 KiB.
  [" over TLS", true, 400],
])(
  "a slow reader%s keeps its rate, and a client that never reads receives nothing until the test lets it read",
  async (_, tls, mostEvents) => {
    const certificate = makeCertificate(certificateFolder(), "server");
    const server = await startRawStreamServer(tls ? { certificate } : {});
    const load = startLoadClients();
    const common = { clients: 1, port: server.port, tls, firstSequence: 1 };
    const slow = await load.open({
      name: "slow",
      ...common,
      // The first read contains more than 200 events. The remaining events arrive two seconds later.
      reading: { kind: "rate", bytesPerSecond: 30_000 },
    });
    const never = await load.open({ name: "never", ...common, reading: { kind: "never" } });
    await server.write(encodeEvents({ from: 1, events: 400 }));
    await slow.waitSequence({ atLeast: 200, within });
    expect((await slow.snapshot()).lowest).toBeLessThan(400);
    expect((await never.snapshot()).highest).toBeLessThan(mostEvents);
    await never.read({ kind: "fast" });
    await never.waitSequence({ atLeast: 400, within });
    await slow.waitSequence({ atLeast: 400, within });
    expect([await slow.faults(), await never.faults()]).toEqual([{}, {}]);
  },
);

test("clients leave by themselves after their events or their time", async () => {
  const server = await startRawStreamServer();
  const load = startLoadClients();
  const base = { clients: 5, port: server.port };
  const events = await load.open({ name: "events", ...base, leaveAfter: { events: 10 } });
  const time = await load.begin({ name: "time", ...base, leaveAfter: { ms: 0 } });
  await time.waitCount("left", { atLeast: 5, within });
  await server.write(encodeEvents({ from: 1, events: 30 }));
  await events.waitCount("left", { atLeast: 5, within });
  expect([await events.faults(), await time.faults()]).toEqual([{}, {}]);
});

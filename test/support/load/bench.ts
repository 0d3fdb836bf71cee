import { describe, startLoadClients } from "./client.js";
import { encodeEvents, startRawStreamServer } from "./raw-stream-server.js";

// Measures how many events per second the clients can check. Usage: `node --import tsx test/support/load/bench.ts
// [clients [seconds]]`. The server of this benchmark writes prepared bodies of 300 events, like a hub under load.
const clients = Number(process.argv[2] ?? 1000);
const seconds = Number(process.argv[3] ?? 5);
const eventsPerWrite = 300;

const ends: (() => void | Promise<void>)[] = [];
const onEnd = (action: () => void | Promise<void>): void => void ends.push(action);

const server = await startRawStreamServer({ onEnd });
const load = startLoadClients({ onEnd });
const group = await load.open({ name: "bench", clients, port: server.port, firstSequence: 1 });

const cpuBefore = load.cpuSeconds();
const begin = performance.now();
let sequence = 1;
while (performance.now() - begin < seconds * 1000) {
  await server.write(encodeEvents({ from: sequence, events: eventsPerWrite }));
  sequence += eventsPerWrite;
}
await group.waitSequence({ atLeast: sequence - 1, within: 60_000 });
const elapsed = (performance.now() - begin) / 1000;
const snapshot = await group.snapshot();
const cpu = load.cpuSeconds() - cpuBefore;
process.stdout.write(
  `${describe(snapshot)}\n${Math.round(snapshot.counts.events / elapsed)} events/s in ${elapsed.toFixed(1)} s; ` +
    `${Math.round(snapshot.counts.events / cpu)} events per second of the clients' processor time\n`,
);
for (const end of ends.toReversed()) await end();

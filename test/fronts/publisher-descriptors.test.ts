import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import type { LogFields } from "../../src/base/log.js";
import { silentLogger } from "../../src/base/log.js";
import { silentMetrics } from "../../src/base/metrics.js";
import { descriptorOf } from "../../src/fronts/descriptor-of.js";
import { PublisherDescriptors } from "../../src/fronts/publisher-descriptors.js";
import { planDescriptors } from "../../src/limits/descriptors.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { waitForEvent } from "../support/wait-for.js";

it("a publisher whose descriptor is not for publishers is disconnected and counted, and the log says why", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const accepted = await waitForEvent(server, "connection", { within: 30_000, missing: "a publisher" });
  const socket = accepted as Socket;
  onTestFinished(() => {
    client.destroy();
    socket.destroy();
    server.close();
  });
  const fd = descriptorOf(socket) ?? 0;
  const counts: unknown[] = [];
  const warnings: LogFields[] = [];
  const limitedTo = (publishersBelow: number): PublisherDescriptors =>
    new PublisherDescriptors({
      descriptors: { ...planDescriptors(1000), publishersBelow },
      clock: new VirtualClock(),
      logger: { ...silentLogger, warn: (fields) => void warnings.push(fields) },
      metrics: { ...silentMetrics, count: (name, _by, labels) => void counts.push([name, labels]) },
    });
  expect(limitedTo(fd + 1).admit(socket)).toBe(true);
  expect(socket.destroyed).toBe(false);
  expect(limitedTo(fd).admit(socket)).toBe(false);
  expect(socket.destroyed).toBe(true);
  expect(counts).toEqual([["publishers_refused_total", { reason: "descriptors" }]]);
  expect(warnings).toEqual([{ limit: 1000, forPublishers: fd }]);
});

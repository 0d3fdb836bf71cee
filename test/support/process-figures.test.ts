import { expect, test } from "vitest";
import { startRawStreamServer } from "./load/raw-stream-server.js";
import { cpuSeconds, listeningPorts, peakRssBytes, rssBytes } from "./process-figures.js";

test("the ports on which a process listens are found, and gone when it stops", async () => {
  const server = await startRawStreamServer();
  const { port } = server;
  expect(listeningPorts(process.pid)).toContain(port);
  await server.close();
  expect(listeningPorts(process.pid)).not.toContain(port);
});

test("memory is in bytes, processor time in seconds", () => {
  const { rss } = process.memoryUsage();
  expect(Math.abs(rssBytes(process.pid) - rss) / rss).toBeLessThan(0.5);
  // Threads report their memory from time to time, so the peak may be slightly behind.
  expect(peakRssBytes(process.pid)).toBeGreaterThan(0.9 * rssBytes(process.pid));
  const { user, system } = process.cpuUsage();
  expect(Math.abs(cpuSeconds(process.pid) - (user + system) / 1e6)).toBeLessThan(1);
});

test("a process that is gone is an error", () => {
  expect(() => rssBytes(2 ** 22 + 1)).toThrow("ENOENT");
});

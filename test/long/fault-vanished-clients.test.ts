import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { startSite } from "../contract/site.js";
import { openSocket } from "../contract/web-sockets.js";
import { hubEntry } from "../support/hub-process.js";

/**
 * Runs a hub and two clients in a network of their own. Then packets to one client get lost, without an end of its
 * connection. Prints the seconds until the hub no longer counts this client.
 */
const script = `
set -eu
ip link set lo up
"$NODE" "$HUB" serve --http 8080 --admin 8081 --ingest @ipc://ingest --heartbeat 2 --state-dir off "$@" >ready 2>log &
hub=$!
trap 'kill -KILL $hub' EXIT
for ((tenth = 0; tenth < 600; tenth++)); do
  ! grep -q ready ready || break
  sleep 0.1
done
streams() { curl -s http://127.0.0.1:8081/metrics | grep '^pharos_connections{front="http"}' | cut -d ' ' -f 2; }
for from in 127.0.0.2 127.0.0.3; do
  curl -sN --interface $from http://127.0.0.1:8080/esupdates >/dev/null &
done
for ((tenth = 0; tenth < 600; tenth++)); do
  [[ $(streams) != 2 ]] || break
  sleep 0.1
done
ip route add blackhole 127.0.0.2/32 table local
SECONDS=0
while (($(streams) > 1 && SECONDS < 120)); do sleep 1; done
echo "$SECONDS seconds, $(streams) left"
curl -s http://127.0.0.1:8081/metrics | grep 'reason="vanished"'
kill $(jobs -p | tail -n +2)
`;

// The system's buffer accepted all heartbeats, so a client without power or network stayed counted for minutes.
it.each([
  ["the hub's own process", []],
  ["a worker", ["--workers", "1"]],
])("a client of %s that vanishes is gone soon after stallSeconds", async (_name, options) => {
  const cwd = mkdtempSync(join(tmpdir(), "pharos-vanished-"));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  const env = { ...process.env, NODE: process.execPath, HUB: hubEntry, PHAROS_LIMITS_STALL_SECONDS: "10" };
  const args = ["--user", "--map-root-user", "--net", "bash", "-c", script, "vanished", ...options];
  const { stdout } = await promisify(execFile)("unshare", args, { cwd, env, timeout: 240_000 });
  const [, seconds, left] = /^(\d+) seconds, (\d+) left$/m.exec(stdout) ?? [];
  expect({ left, metric: stdout }).toMatchObject({
    left: "1",
    metric: expect.stringMatching(/vanished"\} 1$/m) as string,
  });
  // Up to 10 s until the first check sees the loss, and up to 10 s until the check after the bound.
  expect(Number(seconds)).toBeLessThanOrEqual(10 + 10 + 10 + 10);
});

// The answer to a ping waits behind everything that the client has not read. Such a client was cut as if it had vanished.
it("a WebSocket client that reads 1.5 MB slowly, and so answers late, keeps its stream", async () => {
  const site = await startSite("http", {
    settings: { PHAROS_WORKERS: "0", PHAROS_LIMITS_STALL_SECONDS: "20" },
  });
  const client = await openSocket(site, { query: "topic=a", bytesPerSecond: 30_000 });
  for (let count = 0; count < 15; count += 1)
    await site.publish({ topics: ["a"], data: "x".repeat(100_000) });
  for (let answered = 0; client.data.length < 15;) {
    await delay(1000);
    const pings = client.frames.filter(({ opcode }) => opcode === 9).length;
    for (; answered < pings; answered += 1) client.send(10);
    expect(site.figure("connections_cut_total")).toBe(0);
  }
});

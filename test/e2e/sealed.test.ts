import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, it, onTestFinished } from "vitest";

import { connect, type LiveEvent } from "../../src/client/index.js";
import { startChromium } from "../support/chromium.js";
import { hubEntry, startHub, type HubProcess } from "../support/hub-process.js";
import { waitFor } from "../support/wait-for.js";

const within = 60_000;
const secret = "é 🚦 nobody else's";

/** The fields of an event that the test compares. */
type Seen = Pick<LiveEvent, "data" | "sealed">;

/** Publishes with the command line. */
async function publish(hub: HubProcess, ...args: readonly string[]): Promise<void> {
  const target = ["publish", "--to", `>${hub.ingest}`, "--topic", "sealed"];
  await promisify(execFile)(process.execPath, [hubEntry, ...target, ...args]);
}

/** Follows the topic, with or without the key. Returns the events in order of arrival. */
function follow(hub: HubProcess, options: Parameters<typeof connect>[1]): Seen[] {
  const seen: Seen[] = [];
  const live = connect(hub.httpUrl, { filters: ["sealed"], lastEventId: "earliest", ...options });
  onTestFinished(() => live.close());
  live.on("event", ({ data, sealed }) => seen.push({ data, ...(sealed === undefined ? {} : { sealed }) }));
  return seen;
}

it("data that `pharos publish --encrypt-key` seals is opened by programs and pages that have the key, and by nobody else", async () => {
  const hub = await startHub();
  const key = randomBytes(32);
  const file = join(hub.scratch, "key");
  await writeFile(file, `${key.toString("base64")}\n`);
  await publish(hub, "--data", secret, "--encrypt-key", file);
  await publish(hub, "--data", "plain");

  const decryptKey = key.toString("base64url");
  const [opened, closed, wrong] = [
    follow(hub, { decryptKey }),
    follow(hub, {}),
    follow(hub, { decryptKey: randomBytes(32) }),
  ];
  await waitFor(() => [opened, closed, wrong].every(({ length }) => length === 2), {
    within,
    missing: () => `both events; there are ${JSON.stringify([opened, closed, wrong])}`,
  });
  expect(opened).toEqual([{ data: secret, sealed: "opened" }, { data: "plain" }]);
  expect(closed[0]?.data).not.toContain("nobody");
  expect(wrong).toEqual([{ data: closed[0]?.data, sealed: "unreadable" }, { data: "plain" }]);

  const page = await (await startChromium()).openPage(`${hub.httpUrl}/openapi.json`);
  const seen = await page.evaluate(`(async () => {
    const { connect } = await import("/pharos-client.js");
    const options = { filters: ["sealed"], lastEventId: "earliest", decryptKey: "${decryptKey}" };
    for await (const { data, sealed } of connect("/", options)) return { data, sealed };
  })()`);
  expect(seen).toEqual({ data: secret, sealed: "opened" });
});

import { expect, test } from "vitest";
import { startNatsServer } from "../../support/nats-server.js";
import { waitFor } from "../../support/wait-for.js";
import { appendAll, texts } from "../log/log-site.js";
import { FastClock, newStreamName, openNatsLog } from "./nats-site.js";

const within = 60_000;

// The stream of snapshots may have no leader for some seconds, while that of the records has one.
test("a log asks the engine on, while the removal of old records takes long", async () => {
  const server = await startNatsServer();
  const name = newStreamName();
  const log = await openNatsLog([server.address], { name, clock: new FastClock() });
  const other = await openNatsLog([server.address], { name });
  await appendAll(log, texts(5));
  let isRemoving = false;
  log.snapshots = () => {
    isRemoving = true;
    return new Promise(() => undefined);
  };
  await log.expire(3);
  await waitFor(() => isRemoving, { within, missing: "the removal of old records" });
  await appendAll(other, texts(1));
  await waitFor(() => log.head === 6, { within, missing: "a question to the engine" });
  expect(log.first).toBe(4);
});

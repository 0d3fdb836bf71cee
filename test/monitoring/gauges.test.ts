import { expect, onTestFinished, test } from "vitest";
import { createApp } from "../../src/app/app.js";
import { loadConfig } from "../../src/config/load.js";
import { silentLogger } from "../../src/base/log.js";
import { connectRaw } from "../support/raw-http.js";

test("an app's figures tell what it holds at the moment", async () => {
  const environment = {
    PHAROS_HTTP: "0",
    PHAROS_INGEST: "@tcp://127.0.0.1:*",
    PHAROS_STATE_DIR: "off",
    PHAROS_ADMIN: "off",
  };
  const app = await createApp(loadConfig({ environment }), { logger: silentLogger, version: "0.0.0" });
  onTestFinished(() => app.close());
  const client = await connectRaw({ port: Number(new URL(app.ready.http ?? "").port) });
  client.write("GET /esupdates?topic=a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await client.readUntil("retry: ", { within: 20_000 });

  await app.publish({ topics: ["a"], data: "kept", retain: true });
  await app.publish({ topics: ["b"], data: "not kept" });
  await client.readUntil("data: kept", { within: 20_000 });

  const figures = app.figures();
  expect(figures).toMatchObject({
    "connections{front=http}": 1,
    cohorts: 1,
    filter_levels: 0,
    filter_mixtures: 0,
    "patterns{prefix=literal}": 0,
    "patterns{prefix=none}": 0,
    pattern_expressions: 0,
    laggards: 0,
    client_addresses: 1,
    unanswered_requests: 0,
    pending_bytes: 0,
    history_topics: 2,
  });
  expect(figures.retained_bytes).toBeGreaterThan(0);
  expect(figures.history_bytes).toBeGreaterThan(figures.retained_bytes ?? 0);
});

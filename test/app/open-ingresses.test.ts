import { expect, onTestFinished, test } from "vitest";
import { openIngresses } from "../../src/app/open-ingresses.js";
import { systemClock } from "../../src/app/system-clock.js";
import { Live } from "../../src/base/live/live.js";
import { loadConfig } from "../../src/config/load.js";
import type { ZeroMqIngress } from "../../src/ingress/zeromq/zeromq-ingress.js";
import { Records, RecordingSink } from "../ingress/zeromq/open-ingress.js";

async function open(endpoint: string): Promise<ZeroMqIngress | undefined> {
  const records = new Records();
  const config = loadConfig({ options: new Map([["ingest", [endpoint]]]), environment: {} });
  const parts = {
    config: new Live(config),
    admit: () => true,
    curve: undefined,
    clock: systemClock,
    logger: records,
    metrics: records,
  };
  const opened = await openIngresses({ ...parts, sink: new RecordingSink() }).next();
  const ingress = opened.value ?? undefined;
  onTestFinished(() => ingress?.close());
  return ingress;
}

test("an endpoint that another program has is refused with the name of the option", async () => {
  const first = await open("tcp://127.0.0.1:0");
  await expect(open(first?.address ?? "")).rejects.toThrowError(
    expect.objectContaining({
      code: "bad-endpoint",
      message: expect.stringMatching(/^--ingest: cannot bind tcp:\/\/127\.0\.0\.1:\d+: .*in use/i),
      cause: expect.any(Error),
    }),
  );
});

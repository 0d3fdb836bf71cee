import { existsSync } from "node:fs";
import { expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../src/app/system-clock.js";
import { silentMetrics } from "../../../src/base/metrics.js";
import { ZeroMqIngress } from "../../../src/ingress/zeromq/zeromq-ingress.js";
import { parseEndpoint } from "../../../src/zeromq/endpoint.js";
import { waitFor } from "../../support/wait-for.js";
import { ipcPath, openPush, Records } from "./open-ingress.js";

const within = 30_000;

// libzmq ends the process if it gets no descriptor for a publisher on an ipc endpoint.
it("publishers wait while descriptors are few, and lose nothing", async () => {
  const path = ipcPath();
  const records = new Records();
  const published: string[] = [];
  let hasDescriptors = false;
  const ingress = await ZeroMqIngress.open({
    endpoint: parseEndpoint(`@ipc://${path}`, "bind"),
    sink: {
      append: ({ data }) => {
        published.push(data);
        return { position: { epoch: "e", offset: published.length }, id: "#e:1" };
      },
      room: () => undefined,
    },
    mayAccept: () => hasDescriptors,
    clock: systemClock,
    logger: records,
    metrics: silentMetrics,
  });
  onTestFinished(() => ingress.close());
  await openPush(`ipc://${path}`).send(["a", "first"]);
  await records.logged("publishers must wait");
  expect(existsSync(path)).toBe(false);
  const late = openPush(`ipc://${path}`);
  const sent = late.send(["a", "second"]);
  await waitFor(() => published.length > 0, { within, missing: "the first publication" });
  expect(published).toEqual(["first"]);
  hasDescriptors = true;
  await sent;
  await waitFor(() => published.length > 1, { within, missing: "the second publication" });
  expect(published).toEqual(["first", "second"]);
  expect(existsSync(path)).toBe(true);
});

it("an ingress that ends while publishers wait leaves no other file", async () => {
  const path = ipcPath();
  const records = new Records();
  const ingress = await ZeroMqIngress.open({
    endpoint: parseEndpoint(`@ipc://${path}`, "bind"),
    sink: { append: () => Promise.reject(new Error("nothing is published")), room: () => undefined },
    mayAccept: () => false,
    clock: systemClock,
    logger: records,
    metrics: silentMetrics,
  });
  const push = openPush(`ipc://${path}`);
  await records.logged("publishers must wait");
  push.close();
  await ingress.close();
  expect(existsSync(`${path}.full`)).toBe(false);
});

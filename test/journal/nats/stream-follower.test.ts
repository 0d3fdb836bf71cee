import { connect, headers } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startNatsServer, type NatsServer } from "../../support/nats-server.js";
import { waitFor } from "../../support/wait-for.js";
import { appendAll, followed, texts } from "../log/log-site.js";
import { newStreamName, openNatsLog } from "./nats-site.js";

const within = 60_000;
let server: NatsServer;

beforeAll(async () => {
  server = await startNatsServer({ onEnd: afterAll });
});

describe("messages of other programs on the subject of new records", () => {
  const messages = [
    { what: "no headers", fields: [], downs: 0 },
    { what: "the name of another stream", fields: ["Nats-Stream", "other", "Nats-Sequence", "21"], downs: 0 },
    { what: "no number", fields: ["Nats-Stream", "NAME", "Nats-Sequence", "x"], downs: 0 },
    { what: "a later number", fields: ["Nats-Stream", "NAME", "Nats-Sequence", "22"], downs: 1 },
    { what: "an earlier number", fields: ["Nats-Stream", "NAME", "Nats-Sequence", "20"], downs: 1 },
  ];

  test.each(messages)("with $what do not reach the follower", async ({ fields, downs }) => {
    const name = newStreamName();
    const log = await openNatsLog([server.address], { name });
    const follower = await followed(log);
    await appendAll(log, texts(20));
    await follower.has(20);
    const connection = await connect({ servers: server.address });
    onTestFinished(() => connection.close());
    const header = headers();
    for (let index = 0; index < fields.length; index += 2)
      header.append(fields[index] ?? "", (fields[index + 1] ?? "").replace("NAME", name));
    connection.publish(`pharos.journal.${name}.live`, "foreign", { headers: header });
    await connection.flush();
    if (downs > 0) await waitFor(() => follower.downs === downs, { within, missing: "a log that is down" });
    await log.recover();
    await appendAll(log, texts(40).slice(20));
    await follower.has(40);
    expect(follower.texts).toEqual(texts(40));
    expect([follower.downs, follower.losses, follower.restarts]).toEqual([downs, [], 0]);
  });
});

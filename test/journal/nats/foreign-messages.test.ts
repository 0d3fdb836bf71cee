import { randomBytes } from "node:crypto";
import { connect, headers } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { startNatsNode, type NatsNode } from "../../support/nats-node.js";
import { startNatsServer, type NatsServer } from "../../support/nats-server.js";
import { waitFor } from "../../support/wait-for.js";
import { appendAll, chunksOf, collected, followed, texts } from "../log/log-site.js";
import { mebibyte, newStreamName, openNatsLog } from "./nats-site.js";

const within = 60_000;
let server: NatsServer;

beforeAll(async () => {
  server = await startNatsServer({ onEnd: afterAll });
});

const openLog = (name: string) => openNatsLog([server.address], { name });

/** Messages of any size that other programs may publish: some with headers, and one of the largest size of the server. */
function foreignMessages(maxPayload: number): readonly Buffer[] {
  const sizes = [0, 1, 7, 100, 5000, maxPayload];
  return [...sizes.map((size) => randomBytes(size)), Buffer.from("hello"), Buffer.from('{"format":9}\n')];
}

async function hasAll(node: NatsNode, data: readonly string[]): Promise<void> {
  await waitFor(() => node.data.length >= data.length, {
    within,
    missing: () => `${node.data.length} of ${data.length} events have arrived`,
  });
  expect(node.data).toEqual(data);
}

test("random bytes between the records of two hubs change nothing for any hub", async () => {
  const options = { servers: [server.address], name: newStreamName() };
  const [a, b] = [await startNatsNode(options), await startNatsNode(options)];
  const connection = await connect({ servers: server.address });
  onTestFinished(() => connection.close());
  const ids: string[] = [];
  const published: string[] = [];
  for (const message of foreignMessages(connection.info?.max_payload ?? 0)) {
    const some = headers();
    some.set("From", "another program");
    const withHeaders = message.length < 1000 ? { headers: some } : {};
    connection.publish(`pharos.journal.${options.name}`, message, withHeaders);
    await connection.flush();
    for (const node of [a, b]) {
      published.push(String(published.length));
      ids.push(...(await node.publish(String(published.length - 1))));
    }
  }
  await Promise.all([hasAll(a, published), hasAll(b, published)]);
  const later = await startNatsNode(options);
  await hasAll(later, published);
  for (const { journal } of [a, b, later])
    expect(ids.map((id) => journal.history.locate(id).kind)).toEqual(ids.map(() => "at"));
});

// Such a message ended the delivery, and the next one began with it: the hub never went on.
test("two logs get what another program publishes with the headers of a status, and go on", async () => {
  const name = newStreamName();
  const [a, b] = [await openLog(name), await openLog(name)];
  const [atA, atB] = [await followed(a), await followed(b)];
  await appendAll(a, ["first"]);
  const connection = await connect({ servers: server.address });
  onTestFinished(() => connection.close());
  for (const [code, description] of [
    [100, "Idle Heartbeat"],
    [100, "FlowControl Request"],
    [409, "Consumer Deleted"],
    [503, "No Responders"],
  ] as const)
    connection.publish(`pharos.journal.${name}`, description, { headers: headers(code, description) });
  await connection.flush();
  await appendAll(b, ["last"]);
  await Promise.all([atA.has(6), atB.has(6)]);
  expect(atB.records).toEqual(atA.records);
  expect([atA.texts.at(0), atA.texts.at(-1)]).toEqual(["first", "last"]);
  expect((await a.read(0, mebibyte)).map(({ payload }) => String(payload))).toEqual(atA.texts);
});

test("a manifest of a snapshot that another program has published is no snapshot", async () => {
  const name = newStreamName();
  const log = await openLog(name);
  const [first = 0, second = 0] = await appendAll(log, texts(2));
  await log.saveSnapshot(second, chunksOf(Buffer.from("two")));
  const connection = await connect({ servers: server.address });
  onTestFinished(() => connection.close());
  for (const subject of [String(first), "x"])
    connection.publish(`pharos.journal.${name}.state.snapshot.${subject}`, "hello");
  await connection.flush();
  expect(await log.snapshots()).toEqual([second]);
  expect(String(await collected(log.loadSnapshot(second)))).toBe("two");
});

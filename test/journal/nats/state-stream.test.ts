import { expect, onTestFinished, test } from "vitest";
import { silentLogger } from "../../../src/base/log.js";
import { Engine } from "../../../src/journal/nats/engine/engine.js";
import { openStreams } from "../../../src/journal/nats/engine/open-streams.js";
import { streamNames } from "../../../src/journal/nats/engine/stream-names.js";
import { StateStream } from "../../../src/journal/nats/state-stream.js";
import { startNatsServer } from "../../support/nats-server.js";
import { waitFor } from "../../support/wait-for.js";
import { chunksOf } from "../log/log-site.js";
import { newStreamName } from "./nats-site.js";

const within = 60_000;

/** Two snapshots, so that the first can be removed, and the chunk of a third whose hub has not gone on. */
async function unfinished(abandonedAfterMs?: number) {
  const server = await startNatsServer();
  const options = { servers: [server.address], name: newStreamName(), logger: silentLogger };
  const engine = await Engine.connect(options);
  onTestFinished(() => engine.close());
  const names = streamNames(options.name);
  await openStreams({ engine, names, logger: silentLogger });
  const state = new StateStream({
    engine,
    names,
    ...(abandonedAfterMs === undefined ? {} : { abandonedAfterMs }),
  });
  const chunks = async (): Promise<number> => {
    const info = await engine.manager.streams.info(names.state, { subjects_filter: ">" });
    return Object.keys(info.state.subjects ?? {}).filter((subject) => subject.includes(".chunk.")).length;
  };
  void state.save(1, stuck()).catch(() => undefined);
  await waitFor(async () => (await chunks()) === 1, { within, missing: "the first chunk" });
  for (const sequence of [2, 3]) await state.save(sequence, chunksOf(Buffer.from("whole")));
  expect(await chunks()).toBe(3);
  return { state, chunks };
}

async function* stuck(): AsyncIterable<Buffer> {
  yield await Promise.resolve(Buffer.from("a part"));
  await new Promise(() => undefined);
}

// Before, the name of a chunk had the time of its hub, and the hub that removed a snapshot compared it with its own
// time. A hub whose clock was more than an hour ahead removed the chunks that another hub was writing.
test("the chunks of a snapshot that a hub is saving stay, whatever the clocks of the hubs say", async () => {
  const { state, chunks } = await unfinished();
  await state.remove(2);
  expect(await chunks()).toBe(2);
});

test("the chunks of a hub that stopped in the middle go when the engine has much newer messages", async () => {
  const { state, chunks } = await unfinished(0);
  await state.remove(2);
  expect(await chunks()).toBe(1);
});

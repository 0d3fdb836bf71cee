import type { StreamInfo } from "@nats-io/jetstream";
import { expect, test } from "vitest";
import { StreamWatch } from "../../../src/journal/nats/stream-watch.js";
import { VirtualClock } from "../../support/virtual-clock.js";

function infoWith(lastSequence: number): StreamInfo {
  const state = { first_seq: 1, last_seq: lastSequence, bytes: 0 };
  return { config: { name: "records" }, state } as StreamInfo;
}

/** A watch over an engine whose answers the test gives. */
function watched() {
  const clock = new VirtualClock();
  const answers: { give: (info: StreamInfo) => void; refuse: (error: Error) => void }[] = [];
  const info = (): Promise<StreamInfo> => new Promise((give, refuse) => void answers.push({ give, refuse }));
  const watch = new StreamWatch({ engine: { manager: { streams: { info } } }, clock, info: infoWith(0) });
  return { watch, clock, answers };
}

/** Lets what was answered go on, and makes the next question due. */
async function settle(clock: VirtualClock): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(100);
  await new Promise((resolve) => setImmediate(resolve));
}

// The watch kept the first answer for ever, if no question had been asked in the 100 ms before. A client that changed
// hubs then did not wait for what the other hub had stored.
test("each caller gets an answer to a question that was sent after its call", async () => {
  const { watch, clock, answers } = watched();
  for (const last of [1, 2, 3]) {
    const asked = watch.asked();
    await settle(clock);
    expect(answers).toHaveLength(last);
    answers.at(-1)?.give(infoWith(last));
    expect((await asked).state.last_seq).toBe(last);
    await settle(clock);
  }
});

test("callers share a question that is not sent yet, and none that is sent", async () => {
  const { watch, clock, answers } = watched();
  const early = [watch.asked(), watch.asked()];
  await settle(clock);
  const late = watch.asked();
  await settle(clock);
  expect(answers).toHaveLength(2);
  answers[0]?.give(infoWith(1));
  answers[1]?.give(infoWith(2));
  expect((await Promise.all([...early, late])).map(({ state }) => state.last_seq)).toEqual([1, 1, 2]);
});

test("a question without an answer fails its callers alone", async () => {
  const { watch, clock, answers } = watched();
  const failure = watch.asked().then(
    () => undefined,
    (error: unknown) => error,
  );
  await settle(clock);
  answers[0]?.refuse(new Error("no answer"));
  expect(await failure).toEqual(new Error("no answer"));
  const asked = watch.asked();
  await settle(clock);
  answers[1]?.give(infoWith(7));
  expect((await asked).state.last_seq).toBe(7);
});

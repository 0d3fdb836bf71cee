import { expect, test } from "vitest";
import { mercurePath } from "../../src/protocol.js";
import { median, printFigures } from "../support/load/figures.js";
import { ask, publish, Reading, startBehindNginx } from "../support/nginx-client.js";

const events = 50;

test("each event passes nginx with TLS and its default buffering within a second", async () => {
  const { nginx } = await startBehindNginx();
  const stream = new Reading(await ask(nginx, { path: `${mercurePath}?match=news` }));
  await stream.until("retry: ");
  const took: number[] = [];
  for (let n = 1; n <= events; n += 1) {
    const startedAt = performance.now();
    await publish(nginx, { topic: "news", data: `event ${n}.` });
    await stream.until(`event ${n}.`);
    took.push(performance.now() - startedAt);
  }
  const [first = Number.NaN] = took;
  printFigures(`${events} events through nginx with TLS and its default buffering, request to receipt`, [
    `the first ${first.toFixed(0)} ms, median ${median(took).toFixed(1)} ms, longest ${Math.max(...took).toFixed(0)} ms`,
  ]);
  expect(Math.max(...took)).toBeLessThan(1000);
});

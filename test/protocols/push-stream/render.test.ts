import { expect, it } from "vitest";
import { statisticsReply } from "../../../src/protocols/push-stream/render.js";

it.each(["application/json", "application/yaml", "application/xml", "text/plain"])(
  "a list of many channels as %s is made in several turns",
  async (accept) => {
    // Bug: the list of 100,000 channels needed one turn of 1.1 s. During this turn no client got anything.
    let turns = 0;
    let nowMs = 0;
    const clock = {
      // Each channel needs a millisecond.
      monotonic: () => (nowMs += 1),
      endOfTurn: (action: () => void) => {
        turns += 1;
        setImmediate(action);
      },
    };
    const infos = Array.from({ length: 100 }, (_, index) => ({ channel: `c${index}` }));
    const reply = await statisticsReply({ channels: 100, infos }, { accept, clock });
    expect(turns).toBeGreaterThan(10);
    expect(reply.body.toString().match(/c\d+/g)).toEqual(infos.map(({ channel }) => channel));
  },
);

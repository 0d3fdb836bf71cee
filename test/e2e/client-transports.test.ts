import { describe, expect, it, onTestFinished } from "vitest";

import { connect, type Live } from "../../src/client/index.js";
import { startSite } from "../contract/site.js";
import { waitFor } from "../support/wait-for.js";

const within = 60_000;

function follow(url: string, transport: "event-stream" | "poll", lastEventId?: string): [Live, string[]] {
  const resume = lastEventId === undefined ? {} : { lastEventId };
  const live = connect(url, { transport, filters: ["n"], ...resume });
  onTestFinished(() => live.close());
  const got: string[] = [];
  live.on("event", ({ data, retained }) => got.push(retained === true ? `${data} retained` : data));
  live.on("gap", ({ reason }) => got.push(reason));
  return [live, got];
}

const until = (got: readonly string[], data: string): Promise<unknown> =>
  waitFor(() => got.includes(data), { within, missing: () => `${data}; there is ${got.slice(-5).join()}` });

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, n) => String(from + n));

describe.each(["http", "mongrel2-shipped"] as const)("the library at the front %s", (front) => {
  it.each(["event-stream", "poll"] as const)(
    "by %s gets retained values, then all events in order; adds a filter; and another connection resumes from there",
    async (transport) => {
      const site = await startSite(front);
      const publish = (topic: string, data: string, retain = false): Promise<string> =>
        site.publish({ topics: [topic], data, retain });
      await publish("n", "state", true);
      await publish("added", "other", true);
      const [live, got] = follow(`http://127.0.0.1:${site.port}/`, transport);
      await until(got, "state retained");
      for (const data of numbers(0, 200)) await publish("n", data);
      await until(got, "199");
      await live.add("added");
      for (const data of numbers(200, 300)) await publish("n", data);
      await until(got, "299");
      expect(got.filter((data) => data !== "other retained")).toEqual(["state retained", ...numbers(0, 300)]);
      live.close();
      await publish("n", "missed");
      const [, later] = follow(`http://127.0.0.1:${site.port}/`, "event-stream", live.lastEventId);
      await until(later, "missed");
      expect(later.filter((data) => data !== "missed")).toEqual([]);
    },
  );
});

import { describe, expect, it } from "vitest";
import { mercurePath } from "../../../src/protocol.js";
import { currentToken, olderToken } from "../../support/token.js";
import { waitFor } from "../../support/wait-for.js";
import { ask, freshTopic, within } from "../client.js";
import { requestBytes } from "../http-text.js";
import { bearer } from "../mercure-client.js";
import type { Contract } from "../sites.js";
import type { Site } from "../site.js";
import { numbers } from "./delivery.js";
import { follow } from "./follower.js";
import { eachTransport } from "./table.js";

/**
 * Tests changes of the filters while a client follows topics. The client of a WebSocket sends a message; the clients of
 * other transports send a new request.
 */
export function testChanges({ mercureSite: site }: Contract): void {
  describe.each(eachTransport)("%s", (_name, transport) => {
    it("changes its filters: new ones begin with retained values, kept ones continue", async () => {
      const topic = freshTopic();
      const [kept, gone, fresh] = [`${topic}/kept`, `${topic}/gone`, `${topic}/fresh`];
      const publish = (to: string, data: string): Promise<string> => site().publish({ topics: [to], data });
      await site().publish({ topics: [fresh], data: "state", retain: true });
      await site().publish({ topics: [kept], data: "known", retain: true });
      const follower = await follow(site(), transport, { filters: [kept, gone] });
      await publish(gone, "seen");
      await publish(fresh, "before");
      await publish(kept, "1");
      await follower.until("1");
      const changed = follower.change({ add: [fresh], drop: [gone] });
      for (const n of numbers(2, 50)) await publish(kept, n);
      await changed;
      await publish(fresh, "after");
      await publish(gone, "unseen");
      await publish(kept, "51");
      const data = await follower.until("51");
      expect(data.filter((text) => /^\d+$/.test(text))).toEqual(numbers(1, 51));
      const values = transport.retained === "yes" ? ["known", "seen", "state", "after"] : ["seen", "after"];
      expect(data.filter((text) => /^[a-z]+$/.test(text))).toEqual(values);
    });

    it("resumes with one more filter: its retained value first, then the missed events", async () => {
      const topic = freshTopic();
      const [kept, fresh] = [`${topic}/kept`, `${topic}/fresh`];
      await site().publish({ topics: [fresh], data: "state", retain: true });
      const follower = await follow(site(), transport, { filters: [kept] });
      await site().publish({ topics: [kept], data: "had", retain: true });
      await follower.until("had");
      follower.close();
      for (const data of ["missed", "last"]) await site().publish({ topics: [kept], data });
      await follower.comeBack({ add: [fresh] });
      const value = transport.retained === "yes" ? ["state"] : [];
      expect(await follower.until("last")).toEqual(["had", ...value, "missed", "last"]);
    });

    it("changes its filters again and again under load, and neither misses nor repeats anything", async () => {
      const topic = freshTopic();
      const noise = `${topic}/noise`;
      const follower = await follow(site(), transport, { filters: [topic] });
      await site().publish({ topics: [topic], data: "0" });
      // Clients of the push stream module know their position only after the first event.
      await follower.until("0");
      for (let n = 1; n <= 300; n += 1) {
        void site().publish({ topics: [noise], data: "noise" });
        await site().publish({ topics: [topic], data: String(n) });
        if (n % 60 === 30) await follower.change({ add: [noise] });
        if (n % 60 === 0) await follower.change({ drop: [noise] });
      }
      const data = await follower.until("300");
      expect(data.filter((text) => text !== "noise")).toEqual(numbers(0, 300));
    });

    it("is counted for the filters that it has, and no longer for those that it has dropped", async () => {
      const topic = freshTopic();
      const [kept, gone, fresh] = [`${topic}/kept`, `${topic}/gone`, `${topic}/fresh`];
      const follower = await follow(site(), transport, { filters: [kept, gone] });
      const counted = (of: string): Promise<Counts> => countsOf(site(), of);
      const one = { subscribers: 1, seen: transport.presence === "yes" ? 1 : 0 };
      const none = { subscribers: 0, seen: 0 };
      await untilCounted(counted, [[gone, one]]);
      await follower.change({ add: [fresh], drop: [gone] });
      await untilCounted(counted, [
        [gone, none],
        [kept, one],
        [fresh, one],
      ]);
      expect(follower.isOver).toBe(false);
    });
  });
}

interface Counts {
  /** The number of subscribers in the statistics of the push stream module. */
  readonly subscribers: number;
  /** The number of subscriptions in the list of active subscriptions. */
  readonly seen: number;
}

async function countsOf(site: Site, topic: string): Promise<Counts> {
  const reader = bearer(await currentToken({ subscribe: ["*"] }));
  const path = `${mercurePath}/subscriptions/exact/${encodeURIComponent(topic)}`;
  const listed = await ask(site, requestBytes({ path, headers: reader }));
  const publisher = bearer(await olderToken({ publish: ["*"] }));
  const statistics = `/channels-stats?id=${encodeURIComponent(encodeURIComponent(topic))}`;
  const channel = await ask(site, requestBytes({ path: statistics, headers: publisher }));
  return {
    subscribers: channel.status === 404 ? 0 : (JSON.parse(channel.body) as Counts).subscribers,
    seen: (JSON.parse(listed.body) as { subscriptions: readonly unknown[] }).subscriptions.length,
  };
}

/** The hub updates the list with a delay, and also needs time to notice a closed connection. */
async function untilCounted(
  counted: (topic: string) => Promise<Counts>,
  wanted: readonly (readonly [topic: string, counts: Counts])[],
): Promise<void> {
  for (const [topic, counts] of wanted) {
    let last: Counts | undefined;
    await waitFor(
      async () => {
        last = await counted(topic);
        return last.subscribers === counts.subscribers && last.seen === counts.seen;
      },
      {
        within,
        missing: () => `${topic} is counted as ${JSON.stringify(last)}, not ${JSON.stringify(counts)}`,
      },
    );
  }
}

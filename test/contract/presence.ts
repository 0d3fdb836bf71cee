import { describe, expect, it } from "vitest";
import { mercurePath } from "../../src/protocol.js";
import { currentToken, detail, olderToken, signCurrent } from "../support/token.js";
import { waitFor } from "../support/wait-for.js";
import { ask, freshTopic, within } from "./client.js";
import { requestBytes } from "./http-text.js";
import type { ResponseText } from "./http-text.js";
import type { Headers } from "./mercure-client.js";
import { bearer, subscribe } from "./mercure-client.js";
import type { Site } from "./site.js";
import type { Contract } from "./sites.js";

const collection = `${mercurePath}/subscriptions`;

/** Tests presence over a front. The tests of the gateway and test/presence cover the rights of watchers. */
export function testPresence({ mercureSite: site }: Contract): void {
  describe("subscriptions", () => {
    it("are reported to watchers of both forms when they begin and when they end", async () => {
      const topic = freshTopic();
      const encoded = encodeURIComponent(topic);
      const watchers = {
        current: await subscribe(
          site(),
          `match_urlpattern=${collection}/:type/${encodeURIComponent(encoded)}/:subscriber`,
          bearer(await currentToken({ subscribe: ["*"] })),
        ),
        older: await subscribe(
          site(),
          `topic=${encodeURIComponent(`${collection}/${encoded}/{subscriber}`)}`,
          bearer(await olderToken({ subscribe: ["*"] })),
        ),
      };
      const stream = await subscribe(site(), `match=${topic}`);
      await watchers.current.connection.readUntil('"active":true}\n\n', { within });
      stream.close();
      for (const watcher of [watchers.current, watchers.older])
        await watcher.connection.readUntil('"active":false}\n\n', { within });

      const current = watchers.current.events.map(({ event, data = "" }) => [
        event,
        JSON.parse(data) as unknown,
      ]);
      const [, { subscriber }] = current[0] as [string, { subscriber: string }];
      const id = `${collection}/exact/${encoded}/${encodeURIComponent(subscriber)}`;
      const told = { id, type: "subscription", match_type: "exact", match: topic, subscriber };
      expect(current).toEqual([
        ["mercure", { ...told, active: true }],
        ["mercure", { ...told, active: false }],
      ]);
      const olderTold = {
        "@context": "https://mercure.rocks/",
        id: `${collection}/${encoded}/${encodeURIComponent(subscriber)}`,
        type: "Subscription",
        topic,
        subscriber,
      };
      const older = watchers.older.events.map(({ event, data = "" }) => [event, JSON.parse(data) as unknown]);
      expect(older).toEqual([
        [undefined, { ...olderTold, active: true }],
        [undefined, { ...olderTold, active: false }],
      ]);
    });

    it("are listed with the position from which events continue the list", async () => {
      const topic = freshTopic();
      const path = `${collection}/exact/${encodeURIComponent(topic)}`;
      const headers = bearer(await currentToken({ subscribe: ["*"] }));
      const first = await subscribe(site(), `match=${topic}`);
      const list = await listOf(site(), path, { headers, count: 1 });
      first.close();
      const second = await subscribe(site(), `match=${topic}`);
      const position = /last-event-id="([^"]+)"/.exec(list.headers.get("link") ?? "")?.[1] ?? "";
      const query = `match_urlpattern=${encodeURIComponent(path)}/:subscriber&last_event_id=${encodeURIComponent(position)}`;
      const watcher = await subscribe(site(), query, headers);
      await watcher.connection.readUntil('"active":true}\n\n', { within });
      await watcher.connection.readUntil('"active":false}\n\n', { within });
      expect(watcher.events).toHaveLength(2);
      expect(watcher.connection.text).toContain(`Mercure-Last-Event-ID: ${position}\r\n`);
      second.close();
    });

    it("are listed completely, even if the list is larger than one message of Mongrel2", async () => {
      const names = Array.from({ length: 100 }, (_, index) => `long${index}`);
      const claims = {
        authorization_details: [{ ...detail("subscribe", ["*"]), payload: { text: "p".repeat(1100) } }],
      };
      const headers = bearer(await signCurrent({ claims }));
      await subscribe(site(), names.map((name) => `match=${name}`).join("&"), headers);
      let listed: readonly string[] = [];
      await waitFor(
        async () => {
          const { body } = await ask(site(), requestBytes({ path: collection, headers }));
          const { subscriptions } = JSON.parse(body) as { subscriptions: readonly { match: string }[] };
          listed = subscriptions.map(({ match }) => match);
          return names.every((name) => listed.includes(name));
        },
        { within, missing: () => `not all subscriptions are listed, but ${listed.join(", ")}` },
      );
      expect(new Set(listed).size).toBeGreaterThanOrEqual(names.length);
    });

    it("of the other paths are listed too, by their filters", async () => {
      const topic = freshTopic();
      const stream = await site().connect();
      stream.write(requestBytes({ path: `/esupdates?topic=${topic}/%2B` }));
      const path = `${collection}/mqtt/${encodeURIComponent(`${topic}/+`)}`;
      const headers = bearer(await currentToken({ subscribe: ["*"] }));
      const { body } = await listOf(site(), path, { headers, count: 1 });
      expect(JSON.parse(body)).toMatchObject({
        id: path,
        subscriptions: [{ match: `${topic}/+`, active: true }],
      });
    });
  });
}

/**
 * Reads the list at this path until the list has this number of subscriptions. The hub updates the list with a delay.
 */
async function listOf(
  site: Site,
  path: string,
  { headers, count }: { readonly headers: Headers; readonly count: number },
): Promise<ResponseText> {
  let last: ResponseText | undefined;
  await waitFor(
    async () => {
      last = await ask(site, requestBytes({ path, headers }));
      return (JSON.parse(last.body) as { subscriptions?: unknown[] }).subscriptions?.length === count;
    },
    { within, missing: () => `${count} subscriptions are not listed at ${path}, but: ${last?.body}` },
  );
  if (last === undefined) throw new Error("the list was read a moment ago");
  return last;
}

import { describe, expect, it } from "vitest";
import { hubUrl, issuer, olderToken, secret } from "../support/token.js";
import { ask, openStreams, readResponse, within } from "./client.js";
import { requestBytes } from "./http-text.js";
import { post } from "./mercure-client.js";
import { startSite, type Site } from "./site.js";
import type { Contract } from "./sites.js";
import { waitFor } from "../support/wait-for.js";

const settings = {
  PHAROS_PUSH_STREAM: "/",
  PHAROS_PUBLIC_URL: hubUrl,
  PHAROS_TOKEN_ISSUER: issuer,
  PHAROS_TOKEN_SECRET: secret,
};

/** The texts of an answer to a long poll. */
function textsOf(body: string): readonly string[] {
  return body
    .split("\r\n")
    .filter((line) => line !== "")
    .map((line) => decodeURIComponent((JSON.parse(line) as { text: string }).text));
}

/** The main ways in and out; every clause of the protocol is in test/protocol/push-stream. */
export function testPushStream({ front, site }: Contract): void {
  describe("the push stream module's URL scheme", () => {
    it("is there where it is asked for alone", async () => {
      for (const path of ["/pub?id=a", "/ev/a", "/lp/a", "/channels-stats"])
        expect((await ask(site(), requestBytes({ path }))).status).toBe(404);
    });

    it("takes messages and brings them in every mode", async () => {
      const own = await startSite(front, { settings });
      const token = await olderToken({ publish: ["*"] });
      const publish = async (body: string): Promise<string> => {
        const answer = await post(own, { path: `/pub?id=/room&authorization=${token}`, body, headers: {} });
        return answer.body;
      };
      const ev = await own.connect();
      ev.write(requestBytes({ path: "/ev/room" }));
      await ev.readUntil("\r\n\r\n: \n", { within });
      const sub = await own.connect();
      sub.write(requestBytes({ path: "/sub/room?streamid=0&_=1&tag=&time=&eventid=" }));
      await sub.readUntil("<body>", { within });
      const polled = await waitingPoll(own, "/lp/room");

      // The poll may have its answer by now, and be a subscriber no more.
      expect(await publish("one%20%C3%A9")).toMatch(
        /^\{"channel": "room", "published_messages": 1, "stored_messages": 1, "subscribers": [23]\}\r\n$/,
      );
      const first = await readResponse(polled);
      expect(textsOf(first.body)).toEqual(["one é"]);
      expect(first.headers.get("etag")).toBe("W/1");
      await sub.readUntil("<script>p(1,'room','one%20%C3%A9','', '", { within });
      await ev.readUntil('data: {"id":1,"channel":"room","text":"one%20%C3%A9", ', { within });

      await publish("two");
      const headers = {
        "If-Modified-Since": first.headers.get("last-modified") ?? "",
        "If-None-Match": first.headers.get("etag") ?? "",
      };
      const second = await ask(own, requestBytes({ path: "/lp/room", headers }));
      expect(textsOf(second.body)).toEqual(["two"]);
      const script = await ask(own, requestBytes({ path: "/jsonp/room.b2?callback=f" }));
      expect(script.body).toMatch(/^f\(\[\{"id":1,.*\},\{"id":2,.*\}\]\);$/);
    });

    it("keeps quiet streams alive", async () => {
      const own = await startSite(front, { settings: { ...settings, PHAROS_HEARTBEAT: "0.05" } });
      const [ev, sub] = [await own.connect(), await own.connect()];
      ev.write(requestBytes({ path: "/events/ev/room" }));
      sub.write(requestBytes({ path: "/events/sub/room" }));
      expect(await ev.readUntil(": -1\n\n", { within })).toContain(": \n: -1\n\n");
      expect(await sub.readUntil("<script>p(-1,", { within })).toContain("<body>");
    });
  });
}

async function waitingPoll(site: Site, path: string): Promise<Awaited<ReturnType<Site["connect"]>>> {
  const before = await openStreams(site);
  const connection = await site.connect();
  connection.write(requestBytes({ path }));
  await waitFor(async () => (await openStreams(site)) > before, {
    within,
    missing: () => "the hub does not count the poll that waits",
  });
  return connection;
}

import { describe, expect, it } from "vitest";
import type { RawConnection } from "../support/raw-http.js";
import { withExpiringToken } from "../support/expiring-token.js";
import { currentToken } from "../support/token.js";
import { waitFor } from "../support/wait-for.js";
import { ask, freshTopic, openStreams, readResponse, untilStreams, within } from "./client.js";
import { requestBytes } from "./http-text.js";
import type { ResponseText } from "./http-text.js";
import { bearer } from "./mercure-client.js";
import { allowedOrigin, type Contract } from "./sites.js";
import { startSite, type Site } from "./site.js";

interface Answer {
  readonly position: string;
  readonly events: readonly {
    readonly kind: string;
    readonly id: string;
    readonly data?: string;
    readonly retained?: true;
    readonly reason?: string;
  }[];
  readonly more?: true;
}

interface Asking {
  readonly topic: string;
  readonly cursor?: string;
  readonly wait?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

function pollBytes({ topic, cursor, wait, headers = {} }: Asking): string {
  const query = new URLSearchParams({ topic });
  if (cursor !== undefined) query.set("last_event_id", cursor);
  if (wait !== undefined) query.set("wait", String(wait));
  // URLSearchParams encodes a space as a plus, but the hub does not decode a plus as a space. No value here contains a
  // space.
  return requestBytes({ path: `/poll?${query.toString()}`, headers });
}

function answerOf({ status, body }: ResponseText): Answer {
  if (status !== 200) throw new Error(`refused with ${status}: ${body}`);
  return JSON.parse(body) as Answer;
}

const poll = async (site: Site, asking: Asking): Promise<Answer> =>
  answerOf(await ask(site, pollBytes(asking)));

/** Sends a poll that waits for events. Resolves when the hub counts the poll. */
async function waitingPoll(site: Site, asking: Asking): Promise<RawConnection> {
  const before = await openStreams(site);
  const connection = await site.connect();
  connection.write(pollBytes(asking));
  await waitFor(async () => (await openStreams(site)) > before, {
    within,
    missing: () => "the hub does not count the poll that waits",
  });
  return connection;
}

const dataOf = ({ events }: Answer): readonly (string | undefined)[] => events.map(({ data }) => data);

export function testPolls(contract: Contract): void {
  describe("polls", () => {
    testAnswers(contract);
    testWaiting(contract);
    testRefusals(contract);
  });
}

function testAnswers({ site }: Contract): void {
  it("without a cursor get the retained values and the position, as JSON that caches do not store", async () => {
    const topic = freshTopic();
    await site().publish({ topics: [topic], data: "before" });
    const id = await site().publish({ topics: [topic], data: "value", retain: true });
    const response = await ask(site(), pollBytes({ topic }));
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(answerOf(response)).toEqual({
      position: expect.stringMatching(/^#[\w-]+:\d+$/),
      events: [{ kind: "event", id, topics: [topic], data: "value", retained: true }],
    });
  });

  it("return a large number of events in several responses", async () => {
    const topic = freshTopic();
    let { position: cursor } = await poll(site(), { topic });
    const data = "x".repeat(100_000);
    for (let n = 0; n < 6; n += 1) await site().publish({ topics: [topic], data: `${n}${data}` });
    const numbers: (string | undefined)[] = [];
    for (let more: true | undefined = true; more;) {
      const answer = await poll(site(), { topic, cursor });
      numbers.push(...answer.events.map((event) => event.data?.slice(0, 1)));
      ({ position: cursor, more } = answer);
    }
    expect(numbers).toEqual(["0", "1", "2", "3", "4", "5"]);
  });
}

function testWaiting({ front, site, mercureSite }: Contract): void {
  it("wait for the next event, and their connections can be reused", async () => {
    const topic = freshTopic();
    const { position: cursor } = await poll(site(), { topic });
    const connection = await waitingPoll(site(), { topic, cursor });
    await site().publish({ topics: [freshTopic()], data: "for others" });
    await site().publish({ topics: [topic], data: "news" });
    expect(dataOf(answerOf(await readResponse(connection)))).toEqual(["news"]);
    connection.write(requestBytes({ path: "/healthz" }));
    await connection.readUntil('"status":"ok"', { within });
  });

  it("get an empty response when their time is over", async () => {
    const topic = freshTopic();
    const { position: cursor } = await poll(site(), { topic });
    const answer = await poll(site(), { topic, cursor, wait: 0.05 });
    expect(answer).toEqual({ position: expect.stringMatching(/^#/), events: [] });
  });

  it("wait no longer than their token is valid", async () => {
    const topic = freshTopic();
    const { position: cursor } = await poll(mercureSite(), { topic });
    const answer = await withExpiringToken(async (lifetimeSeconds) => {
      const token = await currentToken({ subscribe: [topic], lifetimeSeconds });
      return poll(mercureSite(), { topic, cursor, wait: 30, headers: bearer(token) });
    });
    expect(answer.events).toEqual([]);
  });

  it("are removed as soon as their client disconnects", async () => {
    // Bug: when the client of a waiting poll disconnected, the hub still counted the poll as a stream and a subscriber
    // until its waiting time was over.
    const topic = freshTopic();
    const { position: cursor } = await poll(site(), { topic });
    const before = await openStreams(site());
    const connection = await waitingPoll(site(), { topic, cursor });
    expect(await openStreams(site())).toBe(before + 1);
    connection.close();
    await untilStreams(site(), before);
  });

  it("are removed if their client disconnects while the token is verified", async () => {
    const topic = freshTopic();
    const { position: cursor } = await poll(mercureSite(), { topic });
    const headers = bearer(await currentToken({ subscribe: [topic] }));
    for (let n = 0; n < 20; n += 1) {
      const connection = await mercureSite().connect();
      connection.write(pollBytes({ topic, cursor, headers }));
      connection.close();
    }
    await untilStreams(mercureSite(), 0);
    expect(await openStreams(mercureSite())).toBe(0);
  });

  it("are answered when the hub stops", async () => {
    const own = await startSite(front);
    const topic = freshTopic();
    const { position: cursor } = await poll(own, { topic });
    const connection = await waitingPoll(own, { topic, cursor, wait: 30 });
    const stopped = own.stop();
    expect(answerOf(await readResponse(connection)).events).toEqual([]);
    await stopped;
  });
}

function testRefusals({ front, site, smallSite }: Contract): void {
  it.each(["wait=31", "wait=x", "wait=-1", "wait=", "topic=", "topic=a%23"])(
    "with %s are refused",
    async (query) => {
      const { status, body } = await ask(site(), requestBytes({ path: `/poll?${query}` }));
      expect(status).toBe(400);
      expect(JSON.parse(body)).toMatchObject({ status: 400 });
    },
  );

  it("with HEAD do not wait", async () => {
    const topic = freshTopic();
    const { position: cursor } = await poll(site(), { topic });
    const path = `/poll?topic=${topic}&last_event_id=${encodeURIComponent(cursor)}`;
    const { status, headers } = await ask(site(), requestBytes({ method: "HEAD", path }));
    expect({ status, type: headers.get("content-type") }).toEqual({ status: 200, type: "application/json" });
  });

  it("may be read by pages of a listed origin", async () => {
    const { headers } = await ask(
      smallSite(),
      pollBytes({ topic: freshTopic(), headers: { Origin: allowedOrigin } }),
    );
    expect(headers.get("access-control-allow-origin")).toBe(allowedOrigin);
  });

  it("count towards the limit of streams while they wait", async () => {
    const own = await startSite(front, { settings: { PHAROS_LIMITS_CONNECTIONS_PER_LOCAL_ADDRESS: "1" } });
    const topic = freshTopic();
    const { position: cursor } = await poll(own, { topic });
    const connection = await waitingPoll(own, { topic, cursor });
    expect((await ask(own, pollBytes({ topic, cursor }))).status).toBe(429);
    expect((await ask(own, requestBytes({ path: `/esupdates?topic=${topic}` }))).status).toBe(429);
    await own.publish({ topics: [topic], data: "news" });
    await readResponse(connection);
    expect(dataOf(await poll(own, { topic, cursor }))).toEqual(["news"]);
  });
}

import { describe, expect, it } from "vitest";
import { detail, issuer, signCurrent } from "../support/token.js";
import { waitFor } from "../support/wait-for.js";
import { ask, freshTopic, openStreams, readResponse, within } from "./client.js";
import { holdsConnections } from "./differences.js";
import type { ResponseText } from "./http-text.js";
import { requestBytes } from "./http-text.js";
import { bearer, post } from "./mercure-client.js";
import type { Site } from "./site.js";
import type { Contract } from "./sites.js";
import { follow, type Follower } from "./transports/follower.js";
import { eachTransport } from "./transports/table.js";
import type { Transport } from "./transports/transport.js";
import { openSocket } from "./web-sockets.js";

/** What operators do to clients with a token. */
export function testControl(contract: Contract): void {
  testDisconnect(contract);
  testRefusals(contract);
}

/** A token that may read a topic. */
export function readerToken(topic: string, claims: Readonly<Record<string, unknown>>): Promise<string> {
  return signCurrent({ claims: { authorization_details: [detail("subscribe", [topic])], ...claims } });
}

export function managerToken(...manage: readonly string[]): Promise<string> {
  return signCurrent({ claims: { sub: "manager", pharos: { manage } } });
}

export async function manage(site: Site, path: string, fields: object): Promise<ResponseText> {
  const headers = bearer(await managerToken(path.slice(1)));
  return post(site, { path, type: "application/json", body: JSON.stringify(fields), headers });
}

function testDisconnect({ front, mercureSite: site }: Contract): void {
  const disconnect = async (fields: object): Promise<{ ended: number }> => {
    const answer = await manage(site(), "/disconnect", fields);
    expect(answer).toMatchObject({ status: 200 });
    return JSON.parse(answer.body) as { ended: number };
  };

  describe("a disconnected subject", () => {
    it.each(eachTransport)("%s ends, resumes without a loss, and others stay", async (_name, transport) => {
      const topic = freshTopic();
      const open = async (sub: string): Promise<Follower> =>
        follow(site(), transport, { filters: [topic], token: await readerToken(topic, { sub }) });
      const [one, other] = [await open(`${topic}/one`), await open(`${topic}/other`)];
      await site().publish({ topics: [topic], data: "1", private: true });
      await Promise.all([one.until("1"), other.until("1")]);
      const before = site().figure("connections_cut_total");
      await untilEnded(transport, one, () => disconnect({ subject: `${topic}/one` }));
      expect(site().figure("connections_cut_total")).toBeGreaterThan(before);
      await site().publish({ topics: [topic], data: "2", private: true });
      expect(await one.until("2")).toEqual(["1", "2"]);
      expect(await other.until("2")).toEqual(["1", "2"]);
      expect(other.reconnects).toBe(0);
      one.close();
      other.close();
    });

    it("has a WebSocket closed with the code 1008, also after it has renewed its token", async () => {
      const topic = freshTopic();
      const subject = `${topic}/renewed`;
      const client = await openSocket(site(), { query: `topic=${topic}` });
      client.say({ token: await readerToken(topic, { sub: subject }), request: 1 });
      await client.item("renewed");
      expect(await disconnect({ subject })).toMatchObject({ ended: 1 });
      await client.connection.readToEnd({ within });
      // Behind Mongrel2, the hub may not know yet that the client has read everything. Then it gets no close frame.
      expect(holdsConnections(front) ? [1008] : [1008, undefined]).toContain(client.closeCode);
    });

    it("gets the answer to a poll that waits, without events", async () => {
      const topic = freshTopic();
      const sub = `${topic}/polls`;
      const id = await site().publish({ topics: [topic], data: "1" });
      const before = await openStreams(site());
      const connection = await site().connect();
      const path = `/poll?wait=30&topic=${topic}&last_event_id=${encodeURIComponent(id)}`;
      connection.write(requestBytes({ path, headers: bearer(await readerToken(topic, { sub })) }));
      await waitFor(async () => (await openStreams(site())) > before, {
        within,
        missing: "the hub does not count the poll",
      });
      expect(await disconnect({ subject: sub })).toMatchObject({ ended: 1 });
      const { status, body } = await readResponse(connection);
      expect(status).toBe(200);
      expect(JSON.parse(body)).toMatchObject({ events: [] });
    });

    it("does not get what it had not read", async () => {
      const topic = freshTopic();
      const sub = `${topic}/slow`;
      const before = await openStreams(site());
      const connection = await site().connect();
      connection.write(
        requestBytes({
          path: `/esupdates?topic=${topic}`,
          headers: bearer(await readerToken(topic, { sub })),
        }),
      );
      await connection.readUntil("retry: ", { within });
      connection.pause();
      for (let n = 0; n < unread.count; n += 1)
        await site().publish({ topics: [topic], data: "x".repeat(unread.bytes) });
      expect(await disconnect({ subject: sub })).toMatchObject({ ended: 1 });
      await waitFor(async () => (await openStreams(site())) === before, {
        within,
        missing: "the stream of the slow client is still open",
      });
      connection.resume();
      await connection.readToEnd({ within });
      expect(connection.length).toBeLessThan(unread.count * unread.bytes);
    });

    it("may be one of a certain issuer", async () => {
      const topic = freshTopic();
      const subject = `${topic}/issuer`;
      const client = await openSocket(site(), {
        query: `topic=${topic}`,
        headers: bearer(await readerToken(topic, { sub: subject })),
      });
      expect(await disconnect({ subject, issuer: "https://other.example" })).toEqual({ subject, ended: 0 });
      expect(await disconnect({ subject, issuer })).toEqual({ subject, ended: 1 });
      await client.connection.readToEnd({ within });
    });
  });
}

/** More than the kernel buffers for a client that does not read. */
const unread = { count: 512, bytes: 32 * 1024 };

/**
 * Ends the follower's stream. A sequence of polls has moments without a poll, so the request is repeated until it has
 * ended one.
 */
export async function untilEnded(
  { isStream }: Transport,
  follower: Follower,
  end: () => Promise<{ readonly ended: number }>,
): Promise<void> {
  await waitFor(async () => (await end()).ended > 0, { within, missing: "no stream or poll has ended" });
  if (isStream) await waitFor(() => follower.isOver, { within, missing: "the stream does not end" });
}

function testRefusals({ mercureSite: site }: Contract): void {
  describe.each(["/disconnect"])("POST %s", (path) => {
    it("needs a token with the right of its name", async () => {
      const type = "application/json";
      const body = JSON.stringify({ subject: "nobody" });
      expect((await post(site(), { path, type, body, headers: {} })).status).toBe(401);
      for (const manage of [[], ["other"]]) {
        const headers = bearer(await managerToken(...manage));
        const refused = await post(site(), { path, type, body, headers });
        expect(refused.status).toBe(403);
        expect(refused.body).toContain("pharos.manage");
      }
      const publisher = await signCurrent({ claims: { authorization_details: [detail("publish", ["*"])] } });
      expect((await post(site(), { path, type, body, headers: bearer(publisher) })).status).toBe(403);
      expect((await ask(site(), requestBytes({ path }))).status).toBe(405);
    });

    it.each([
      ["a body that is not JSON", "no JSON"],
      ["a list", "[]"],
      ["no field", "{}"],
      ["an empty subject", '{"subject":""}'],
      ["a subject that is no text", '{"subject":1}'],
      ["an unknown field", '{"subject":"a","client":"b"}'],
      ["an issuer that is no text", '{"subject":"a","issuer":null}'],
    ])("refuses %s with 400 and a sentence", async (_what, body) => {
      const headers = bearer(await managerToken(path.slice(1)));
      const answer = await post(site(), { path, type: "application/json", body, headers });
      expect(answer.status).toBe(400);
      expect((JSON.parse(answer.body) as { detail: string }).detail).toMatch(/must|needs|allowed/);
    });

    it("refuses a form with 415", async () => {
      const headers = bearer(await managerToken(path.slice(1)));
      expect((await post(site(), { path, body: "subject=a", headers })).status).toBe(415);
    });
  });
}

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
  testRevoke(contract);
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

function testRevoke({ mercureSite: site }: Contract): void {
  const revoke = async (fields: object): Promise<{ ended: number; until: number }> => {
    const answer = await manage(site(), "/revoke", fields);
    expect(answer).toMatchObject({ status: 200 });
    return JSON.parse(answer.body) as { ended: number; until: number };
  };
  /** The status and the code of an error response. */
  const refusalOf = ({ status, body }: ResponseText): readonly [number, boolean] => [
    status,
    body.includes("token-revoked"),
  ];
  const revoked = [401, true] as const;

  describe("a revoked token", () => {
    it.each(eachTransport)("has no %s any more, and another token has", async (_name, transport) => {
      const topic = freshTopic();
      const jti = `${topic}/token`;
      const token = await readerToken(topic, { jti });
      const other = await readerToken(topic, { jti: `${topic}/other` });
      const open = (credentials: string): Promise<Follower> =>
        follow(site(), transport, { filters: [topic], token: credentials });
      const [one, stays] = [await open(token), await open(other)];
      await site().publish({ topics: [topic], data: "1", private: true });
      await Promise.all([one.until("1"), stays.until("1")]);
      expect((await revoke({ jti })).until).toBeGreaterThan(Date.now() / 1000);
      await waitFor(() => one.isOver, { within, missing: "the stream does not end" });
      await site().publish({ topics: [topic], data: "2", private: true });
      expect(await stays.until("2")).toEqual(["1", "2"]);
      expect(stays.reconnects).toBe(0);
      expect(one.data).toEqual(["1"]);
      const answer = await ask(site(), transport.request({ filters: [topic], token }));
      expect(answer.status).toBe(401);
      for (const each of [one, stays]) each.close();
    });

    it("publishes, deletes and manages nothing", async () => {
      const topic = freshTopic();
      const claims = { jti: `${topic}/publisher`, pharos: { manage: ["disconnect"] } };
      const token = await signCurrent({
        claims: { authorization_details: [detail("publish", ["*"])], ...claims },
      });
      const headers = bearer(token);
      const all: readonly (() => Promise<ResponseText>)[] = [
        () => post(site(), { path: `/publish/${topic}`, body: "x", headers }),
        () => post(site(), { body: `topic=${topic}&data=x`, headers }),
        () => post(site(), { path: `/pub?id=${topic}`, body: "x", headers }),
        () =>
          post(site(), { path: "/disconnect", type: "application/json", body: '{"subject":"x"}', headers }),
      ];
      for (const each of all) expect((await each()).status).toBe(200);
      // The hub has now remembered that the token is valid.
      await revoke({ jti: claims.jti });
      for (const each of all) expect(refusalOf(await each())).toEqual(revoked);
      const path = `/publish/${topic}`;
      expect(refusalOf(await ask(site(), requestBytes({ method: "DELETE", path, headers })))).toEqual(
        revoked,
      );
    });

    it("does not renew a WebSocket, and publishes nothing on it", async () => {
      const topic = freshTopic();
      const jti = `${topic}/renews`;
      await revoke({ jti });
      const client = await openSocket(site(), { query: `topic=${topic}` });
      client.say({ token: await readerToken(topic, { jti }), request: 1 });
      expect(await client.item("refused", { request: 1 })).toMatchObject({ code: "token-revoked" });
      client.close();
    });

    it("publishes nothing if it is revoked while the body comes", async () => {
      const topic = freshTopic();
      const jti = `${topic}/slow-body`;
      const token = await signCurrent({
        claims: { authorization_details: [detail("publish", [topic])], jti },
      });
      const connection = await site().connect();
      const headers = { ...bearer(token), "Content-Length": "4" };
      connection.write(requestBytes({ method: "POST", path: `/publish/${topic}`, headers, body: "he" }));
      await revoke({ jti });
      connection.write("re");
      expect(refusalOf(await readResponse(connection))).toEqual(revoked);
      const history = await ask(site(), requestBytes({ path: `/history/${topic}` }));
      expect(history.body).not.toContain("here");
    });
  });

  describe("the tokens of a subject", () => {
    it("are revoked if they were issued before, and later ones are not", async () => {
      const topic = freshTopic();
      const subject = `${topic}/subject`;
      const now = Math.floor(Date.now() / 1000);
      const before = now - 100;
      const statusOf = async (claims: object): Promise<number> => {
        const headers = bearer(await readerToken(topic, { sub: subject, ...claims }));
        return (await ask(site(), requestBytes({ path: `/poll?wait=0&topic=${topic}`, headers }))).status;
      };
      const old = await readerToken(topic, { sub: subject, iat: before });
      const stream = await openSocket(site(), { query: `topic=${topic}`, headers: bearer(old) });
      expect(await statusOf({ iat: before })).toBe(200);
      expect(await revoke({ subject, issuer: "https://other.example" })).toMatchObject({ ended: 0 });
      expect(await revoke({ subject, before, exp: now + 3600 })).toEqual({
        subject,
        ended: 1,
        until: now + 3600,
      });
      await stream.connection.readToEnd({ within });
      expect(await statusOf({ iat: before })).toBe(401);
      expect(await statusOf({ iat: undefined })).toBe(401);
      expect(await statusOf({ iat: before + 1 })).toBe(200);
      expect(await statusOf({ iat: before, iss: issuer, sub: `${subject}/other` })).toBe(200);
      await revoke({ subject });
      expect(await statusOf({ iat: before + 1 })).toBe(401);
      // An earlier time takes nothing back.
      await revoke({ subject, before });
      expect(await statusOf({ iat: before + 1 })).toBe(401);
    });

    it.each([
      ["neither jti nor subject", {}],
      ["both", { jti: "a", subject: "b" }],
      ["before of a token", { jti: "a", before: 1 }],
      ["milliseconds as before", { subject: "a", before: Date.now() }],
      ["milliseconds as exp", { jti: "a", exp: Date.now() }],
      ["a negative exp", { jti: "a", exp: -1 }],
      ["a text as exp", { jti: "a", exp: "1" }],
    ])("are refused to a request with %s", async (_what, fields) => {
      const answer = await manage(site(), "/revoke", fields);
      expect(answer.status).toBe(400);
      expect((JSON.parse(answer.body) as { detail: string }).detail).toMatch(/must|needs/);
    });

    it("that has expired is no error, and is not stored", async () => {
      const before = site().figure("revocations");
      expect(await revoke({ jti: freshTopic(), exp: 1 })).toMatchObject({ ended: 0, until: 1 });
      expect(site().figure("revocations")).toBe(before);
    });
  });
}

function testRefusals({ mercureSite: site }: Contract): void {
  describe.each(["/disconnect", "/revoke"])("POST %s", (path) => {
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

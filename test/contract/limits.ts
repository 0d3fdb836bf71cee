import { describe, expect, it } from "vitest";
import { mercurePath } from "../../src/protocol.js";
import { currentToken, hubUrl, issuer, secret } from "../support/token.js";
import { waitFor } from "../support/wait-for.js";
import { ask, openStream, untilStreams, within } from "./client.js";
import { requestBytes, type ResponseText } from "./http-text.js";
import { startSite, type Site } from "./site.js";
import type { Contract } from "./sites.js";

/** Headers that a client may send to fake another address. */
const disguises: readonly Readonly<Record<string, string>>[] = [
  {},
  { "X-Forwarded-For": "198.51.100.1" },
  { "X-Forwarded-For": "198.51.100.2, 198.51.100.3", Forwarded: "for=198.51.100.4" },
  { REMOTE_ADDR: "198.51.100.5", "Remote-Addr": "198.51.100.6", "X-Real-IP": "198.51.100.7" },
];

const tokens = { PHAROS_PUBLIC_URL: hubUrl, PHAROS_TOKEN_ISSUER: issuer, PHAROS_TOKEN_SECRET: secret };

interface Post {
  readonly path?: string;
  readonly bytes: number;
  readonly token?: string;
}

/** POSTs a form. With `path`, the body is the data of one publication. */
function post(site: Site, { path = mercurePath, bytes, token }: Post): Promise<ResponseText> {
  const body = "topic=a&data=".padEnd(bytes, "b");
  const headers = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Content-Length": String(body.length),
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  };
  return ask(site, requestBytes({ method: "POST", path, headers, body }));
}

export function testLimits({ front }: Contract): void {
  describe("the body of a request", () => {
    it("is refused above the limit, even if a server in front allows more", async () => {
      // Bug: behind Mongrel2 only Mongrel2's own limit applied, and the hub ignored its setting.
      const site = await startSite(front, { settings: { ...tokens, PHAROS_LIMITS_BODY_BYTES: "1000" } });
      const token = await currentToken({ publish: ["*"] });
      for (const path of [mercurePath, "/publish/a"]) {
        expect((await post(site, { path, bytes: 1000, token })).status).toBe(200);
        const refusal = await post(site, { path, bytes: 1001, token });
        expect(refusal.status).toBe(413);
        expect(JSON.parse(refusal.body)).toMatchObject({
          title: "too-large",
          detail: "the body of a request may have at most 1000 bytes",
        });
      }
      expect(site.figure("publications_total")).toBe(2);
    });

    it("is read only if its sender may publish", async () => {
      const site = await startSite(front, { settings: tokens });
      const [reader, stranger, writer] = await Promise.all([
        currentToken({ subscribe: ["*"] }),
        currentToken({ publish: ["other"] }),
        currentToken({ publish: ["a"] }),
      ]);
      const type = { "Content-Type": "application/json", "Content-Length": "1" };
      const status = async (token?: string): Promise<number> => {
        const headers = { ...type, ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) };
        const request = requestBytes({ method: "POST", path: "/publish/a", headers, body: "{" });
        return (await ask(site, request)).status;
      };
      expect([await status(), await status("x.y.z")]).toEqual([401, 401]);
      expect([await status(reader), await status(stranger)]).toEqual([403, 403]);
      expect(await status(writer), "this is no JSON").toBe(400);
    });

    it("is refused when all bodies together reach their limit", async () => {
      const settings = { ...tokens, PHAROS_LIMITS_REQUEST_BYTES: "65536" };
      const site = await startSite(front, { settings });
      const token = await currentToken({ publish: ["*"] });
      // The largest body that a stock server accepts.
      const bytes = front === "mongrel2-stock" ? 20_000 : 70_000;
      const statuses = await Promise.all(
        Array.from({ length: 4 }, async () => (await post(site, { bytes, token })).status),
      );
      expect([200, 503]).toEqual(expect.arrayContaining(statuses));
      const room = await post(site, { bytes: 10_000, token });
      expect(room.status, "there is room again").toBe(200);
      if (front === "mongrel2-stock") return;
      const refusal = await post(site, { bytes, token });
      expect(refusal.status).toBe(503);
      expect(refusal.headers.get("retry-after")).toMatch(/^[12]$/);
      expect(JSON.parse(refusal.body)).toMatchObject({ title: "too-many-bodies" });
      await waitFor(() => site.figure("request_body_bytes") === 0, {
        within,
        missing: () => `the hub still holds ${site.figure("request_body_bytes")} bytes of bodies`,
      });
    });
  });

  describe("an address", () => {
    it("has a limited number of streams, whatever headers it sends, and a new one after one has ended", async () => {
      const site = await startSite(front, { settings: { PHAROS_LIMITS_CONNECTIONS_PER_LOCAL_ADDRESS: "2" } });
      const [first] = [await openStream(site), await openStream(site)];
      for (const headers of disguises) {
        const refusal = await ask(site, requestBytes({ headers }));
        expect(refusal.status).toBe(429);
        expect(refusal.headers.get("retry-after")).toMatch(/^1[0-5]$/);
        expect(JSON.parse(refusal.body)).toMatchObject({
          title: "too-many-streams",
          instance: expect.stringMatching(/^urn:uuid:/),
        });
      }
      expect(site.figure("requests_refused_total")).toBe(disguises.length);
      first?.close();
      await untilStreams(site, 1);
      await openStream(site);
    });

    it("has no more streams when many requests wait at once for their tokens to be verified", async () => {
      const site = await startSite(front, {
        settings: { ...tokens, PHAROS_LIMITS_CONNECTIONS_PER_LOCAL_ADDRESS: "3" },
      });
      const token = await currentToken({ subscribe: ["*"] });
      const request = requestBytes({ headers: { Authorization: `Bearer ${token}` } });
      const crowd = await Promise.all(Array.from({ length: 12 }, () => site.connect()));
      for (const connection of crowd) connection.write(request);
      const heads = await Promise.all(
        crowd.map((connection) => connection.readUntil("\r\n\r\n", { within })),
      );
      const statuses = heads.map((head) => Number(head.slice(9, 12))).toSorted((one, other) => one - other);
      expect(statuses).toEqual([200, 200, 200, ...Array.from({ length: 9 }, () => 429)]);
    });

    it("has a limited number of requests for streams per second, accepted or refused", async () => {
      const settings = {
        PHAROS_LIMITS_REQUESTS_PER_LOCAL_ADDRESS: "1",
        PHAROS_LIMITS_CONNECTIONS_PER_LOCAL_ADDRESS: "1",
      };
      const site = await startSite(front, { settings });
      const request = requestBytes({ path: "/esupdates?topic=" });
      const statuses: number[] = [];
      // A slow machine may fail to send three requests within one second, but not twenty times in a row.
      while (statuses.at(-1) !== 429 && statuses.length < 20)
        statuses.push((await ask(site, request)).status);
      expect(new Set(statuses)).toEqual(new Set([400, 429]));
    });

    it("has a limited number of publish requests per second, counted before the token is verified", async () => {
      const site = await startSite(front, { settings: { PHAROS_LIMITS_PUBLISHES_PER_LOCAL_ADDRESS: "1" } });
      const post = requestBytes({ method: "POST", path: mercurePath, headers: { "Content-Length": "0" } });
      const statuses: number[] = [];
      // A slow machine may fail to send two requests within one second, but not twenty times in a row.
      while (statuses.at(-1) !== 429 && statuses.length < 20) statuses.push((await ask(site, post)).status);
      expect(statuses.at(-1)).toBe(429);
      expect(new Set(statuses)).toEqual(new Set([401, 429]));
      const other = await ask(site, requestBytes({ path: "/healthz" }));
      expect(other.status, "what is not publishing goes on").toBe(200);
    });
  });
}

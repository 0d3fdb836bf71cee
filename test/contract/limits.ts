import { describe, expect, it } from "vitest";
import { mercurePath } from "../../src/protocol.js";
import { currentToken, hubUrl, issuer, secret } from "../support/token.js";
import { ask, openStream, untilStreams, within } from "./client.js";
import { requestBytes } from "./http-text.js";
import { startSite } from "./site.js";
import type { Contract } from "./sites.js";

/** What a client might send to pass for another. */
const disguises: readonly Readonly<Record<string, string>>[] = [
  {},
  { "X-Forwarded-For": "198.51.100.1" },
  { "X-Forwarded-For": "198.51.100.2, 198.51.100.3", Forwarded: "for=198.51.100.4" },
  { REMOTE_ADDR: "198.51.100.5", "Remote-Addr": "198.51.100.6", "X-Real-IP": "198.51.100.7" },
];

export function testLimits({ front }: Contract): void {
  describe("an address", () => {
    it("has so many streams and no more, whatever it says of itself, and another when one has ended", async () => {
      const site = await startSite(front, { settings: { PHAROS_LIMITS_CONNECTIONS_PER_LOCAL_ADDRESS: "2" } });
      const [first] = [await openStream(site), await openStream(site)];
      for (const headers of disguises) {
        const refusal = await ask(site, requestBytes({ headers }));
        expect(refusal.status).toBe(429);
        expect(refusal.headers.get("retry-after")).toBe("10");
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

    it("has no more streams when many are asked for at once and each token takes its time", async () => {
      const site = await startSite(front, {
        settings: {
          PHAROS_LIMITS_CONNECTIONS_PER_LOCAL_ADDRESS: "3",
          PHAROS_PUBLIC_URL: hubUrl,
          PHAROS_TOKEN_ISSUER: issuer,
          PHAROS_TOKEN_SECRET: secret,
        },
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

    it("publishes so many times a second and no more, before its token is looked at", async () => {
      const site = await startSite(front, { settings: { PHAROS_LIMITS_PUBLISHES_PER_LOCAL_ADDRESS: "1" } });
      const post = requestBytes({ method: "POST", path: mercurePath, headers: { "Content-Length": "0" } });
      const statuses: number[] = [];
      // The machine may be too slow for two in a second; not twenty times in a row.
      while (statuses.at(-1) !== 429 && statuses.length < 20) statuses.push((await ask(site, post)).status);
      expect(statuses.at(-1)).toBe(429);
      expect(new Set(statuses)).toEqual(new Set([401, 429]));
      const other = await ask(site, requestBytes({ path: "/healthz" }));
      expect(other.status, "what is not publishing goes on").toBe(200);
    });
  });
}

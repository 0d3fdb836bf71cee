import { describe, expect, it } from "vitest";
import { mercurePath } from "../../src/protocol.js";
import { currentToken } from "../support/token.js";
import { ask, readResponse, within } from "./client.js";
import { allowedOrigin, type Contract } from "./sites.js";
import { holdsConnections, type FrontName } from "./differences.js";
import { requestBytes, requestId } from "./http-text.js";
import { bearer } from "./mercure-client.js";

const methods = "GET, HEAD, OPTIONS";
const stranger = "https://stranger.example";

export function testAnswers({ front, site, smallSite, mercureSite }: Contract): void {
  describe("answers without a stream", () => {
    it("reports the health as JSON that caches do not store", async () => {
      const { status, headers, body } = await ask(site(), requestBytes({ path: "/healthz?x=1" }));
      expect(status).toBe(200);
      expect(headers.get("content-type")).toBe("application/json");
      expect(headers.get("cache-control")).toBe("no-store");
      const links = holdsConnections(front) ? 0 : 1;
      expect(JSON.parse(body)).toEqual({
        status: "ok",
        streams: expect.any(Number),
        links,
        linksUp: links,
        journal: "up",
      });
    });

    it.each(["/esupdates/", "/esupdates/deeper", "/esupdates%2F", "/healthz/x"])(
      "answers 404 for %s and says where streams are",
      async (path) => {
        const { status, headers, body } = await ask(site(), requestBytes({ path }));
        expect(status).toBe(404);
        expect(headers.get("content-type")).toBe("application/problem+json");
        expect(headers.get("x-content-type-options")).toBe("nosniff");
        expect(JSON.parse(body)).toEqual({
          type: "about:blank",
          title: "not-found",
          status: 404,
          detail: `nothing is served at ${JSON.stringify(path)}; streams are at /esupdates`,
          instance: expect.stringMatching(requestId),
        });
      },
    );

    it.each([
      { method: "POST", headers: { "Content-Length": "2" }, body: "hi" },
      { method: "POST", headers: { "Content-Length": "19000" }, body: "b".repeat(19_000) },
      { method: "PUT", headers: { "Content-Length": "0" }, body: "" },
      { method: "PATCH", headers: { "Content-Length": "0" }, body: "" },
      { method: "DELETE", headers: {}, body: "" },
      { method: "TRACE", headers: {}, body: "" },
    ])("answers 405 to $method with $headers and names what is allowed", async (request) => {
      const { status, headers, body, rest } = await ask(site(), requestBytes(request));
      expect(status).toBe(405);
      expect(headers.get("allow")).toBe(methods);
      expect(JSON.parse(body)).toMatchObject({ title: "method-not-allowed", status: 405 });
      expect(rest).toBe("");
    });

    it.each([
      { path: "/esupdates", status: 200, type: "text/event-stream" },
      { path: "/healthz", status: 200, type: "application/json" },
      { path: "/esupdates/missing", status: 404, type: "application/problem+json" },
      { path: "/esupdates?topic=", status: 400, type: "application/problem+json" },
    ])(
      "answers HEAD $path with the head of GET alone, and the connection can be reused",
      async (expected) => {
        // Bug: behind Mongrel2 the error response to a HEAD request had a body, so the client read the body as the next
        // response. If the path was a stream, the response to HEAD closed the connection.
        const connection = await site().connect();
        connection.write(requestBytes({ method: "HEAD", path: expected.path }));
        const { status, headers } = await readResponse(connection, { toHead: true });
        expect({ status, type: headers.get("content-type") }).toEqual({
          status: expected.status,
          type: expected.type,
        });
        expect(headers.get("connection")).toBe("keep-alive");
        connection.write(requestBytes({ path: "/healthz" }));
        const text = await connection.readUntil('"status":"ok"', { within });
        expect(text).toMatch(/^HTTP\/1\.1 \d+ [^]*?\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
      },
    );

    it("answers HEAD with the length of the body of GET", async () => {
      const path = "/esupdates/missing";
      const whole = await ask(site(), requestBytes({ path }));
      const head = await ask(site(), requestBytes({ method: "HEAD", path }));
      expect(head.headers.get("content-length")).toBe(String(whole.body.length));
    });
  });

  describe("pages of other origins", () => {
    const preflight = (origin: string): string =>
      requestBytes({
        method: "OPTIONS",
        headers: {
          Origin: origin,
          "Access-Control-Request-Method": "GET",
          "Access-Control-Request-Headers": "last-event-id,traceparent",
        },
      });
    const corsNames = (headers: ReadonlyMap<string, string>): readonly string[] =>
      [...headers.keys()].filter((name) => name.startsWith("access-control-"));

    /** The expected `Vary` header. The response of a stream also depends on `Accept-Encoding`. */
    const varyOf = (headers: ReadonlyMap<string, string>): string =>
      headers.get("content-type") === "text/event-stream" ? "Accept-Encoding, Origin" : "Origin";

    it("get no CORS headers if no origin is listed", async () => {
      const { status, headers, body } = await ask(site(), preflight(stranger));
      expect({ status, allow: headers.get("allow"), body }).toEqual({
        status: 204,
        allow: methods,
        body: "",
      });
      expect(corsNames(headers)).toEqual([]);
    });

    it("are allowed by the preflight when theirs is listed", async () => {
      const { status, headers } = await ask(smallSite(), preflight(allowedOrigin));
      expect(status).toBe(204);
      expect(headers.get("access-control-allow-origin")).toBe(allowedOrigin);
      expect(headers.get("access-control-allow-methods")).toBe(methods);
      expect(headers.get("access-control-allow-headers")?.toLowerCase()).toContain("last-event-id");
      expect(headers.get("access-control-allow-headers")).toContain("traceparent");
      expect(headers.get("vary")).toBe("Access-Control-Request-Headers, Origin");
    });

    it.each(["/esupdates", "/healthz", "/esupdates/missing", "/esupdates?topic="])(
      "may read %s when theirs is listed",
      async (path) => {
        const { headers } = await ask(
          smallSite(),
          requestBytes({ path, headers: { Origin: allowedOrigin } }),
        );
        expect(headers.get("access-control-allow-origin")).toBe(allowedOrigin);
        expect(headers.get("vary")).toBe(withCompression(front, varyOf(headers)));
      },
    );

    it("are distinguished by caches, also for responses that depend on a token", async () => {
      // Bug: if a response had two `Vary` headers, the HTTP front sent only the last of them. Mongrel2 sent both.
      const headers = { Origin: allowedOrigin, ...bearer(await currentToken({ subscribe: ["*"] })) };
      const answer = await ask(
        mercureSite(),
        requestBytes({ path: `${mercurePath}/subscriptions`, headers }),
      );
      expect(answer.status).toBe(200);
      expect(answer.headers.get("vary")).toBe(withCompression(front, "Authorization, Cookie, Origin"));
    });

    it.each([
      stranger,
      "null",
      `${allowedOrigin}.evil.example`,
      "https://APP.example",
      "http://app.example",
      "*",
    ])("of %s are never reflected", async (origin) => {
      const answers = [preflight(origin), requestBytes({ headers: { Origin: origin } })];
      for (const request of answers) {
        const { headers } = await ask(smallSite(), request);
        expect(corsNames(headers)).toEqual([]);
        expect([...headers.values()].join("\n")).not.toContain(origin === "*" ? "*" : origin);
        expect(headers.get("vary")).toBe(varyOf(headers));
      }
    });
  });
}

/** The value of `Vary` that the client gets. Middleware that compresses adds a name to the hub's value. */
function withCompression(front: FrontName, vary: string): string {
  return front === "middleware" && !vary.includes("Accept-Encoding") ? `${vary}, Accept-Encoding` : vary;
}

import { describe, expect, it } from "vitest";
import { freshTopic, openStreams, untilStreams, within } from "../../contract/client.js";
import { parseResponse, requestBytes } from "../../contract/http-text.js";
import { startSite } from "../../contract/site.js";
import { waitFor } from "../../support/wait-for.js";

const file = requestBytes({ path: "/pharos.css" });
const health = requestBytes({ path: "/healthz" });

// A deadline that passes says what was missing before the test's own time is over.
describe("a client of the HTTP front", { timeout: 3 * within }, () => {
  it("is forgotten when it leaves, however large the body of its stream's request", async () => {
    // The body was left unread, which stopped the reading of the socket: nobody saw the client leave.
    const site = await startSite("http");
    const connection = await site.connect();
    const body = "b".repeat(200_000);
    connection.write(requestBytes({ headers: { "Content-Length": String(body.length) }, body }));
    await connection.readUntil("\n\n", { within });
    expect(await openStreams(site)).toBe(1);
    connection.close();
    await untilStreams(site, 0);
  });

  it("is closed when more than 16 of its requests wait for one answer", async () => {
    const site = await startSite("http");
    const connection = await site.connect();
    connection.write(file.repeat(18));
    await connection.readToEnd({ within });
    expect(site.figure("connections_cut_total")).toBe(1);
  });

  it("is closed when its address has a hundred connections beside its streams, and lets others in when they end", async () => {
    const site = await startSite("http", { settings: { PHAROS_LIMITS_CONNECTIONS_PER_LOCAL_ADDRESS: "1" } });
    const crowd = await Promise.all(Array.from({ length: 101 }, () => site.connect()));
    const late = await site.connect();
    expect(await late.readToEnd({ within })).toBe("");
    expect(site.figure("connections_cut_total")).toBe(1);
    for (const connection of crowd.slice(1)) connection.close();
    const [first] = crowd;
    first?.write(requestBytes({}));
    await first?.readUntil("\n\n", { within });
    const answer = async (): Promise<string> => {
      const connection = await site.connect();
      connection.write(requestBytes({ path: "/healthz", headers: { Connection: "close" } }));
      return connection.readToEnd({ within });
    };
    await waitFor(async () => (await answer()).includes("200 OK"), {
      within,
      missing: "nobody else gets in",
    });
  });

  it("gets all answers to 17 requests at once", async () => {
    const site = await startSite("http");
    const connection = await site.connect();
    connection.write(file + health.repeat(16));
    const text = await connection.readUntil((received) => received.split('"status":"ok"').length === 17, {
      within,
    });
    expect(text.match(/^HTTP\/1\.1 200 OK\r$/gm)).toHaveLength(17);
  });

  it("gets 400 and a reason for a path that cannot be decoded, as for any refusal", async () => {
    // It was told the framework's name and error code, as application/json.
    const site = await startSite("http");
    for (const path of ["/%zz", "/%ff", "/%c0%ae%c0%ae/package.json"]) {
      const connection = await site.connect();
      connection.write(requestBytes({ path }));
      const answer = parseResponse(await connection.readToEnd({ within }));
      expect(answer?.status).toBe(400);
      expect(answer?.headers.get("content-type")).toBe("application/problem+json");
    }
  });

  it("gets 400 for a body whose chunks are malformed, at once", async () => {
    const site = await startSite("http");
    const connection = await site.connect();
    const headers = { "Transfer-Encoding": "chunked" };
    connection.write(requestBytes({ method: "POST", headers, body: "zz\r\nhello\r\n" }));
    expect(parseResponse(await connection.readToEnd({ within }))?.status).toBe(400);
  });

  it("gets the answer before it, when what follows is no request", async () => {
    const site = await startSite("http");
    const connection = await site.connect();
    connection.write(`${file}nonsense\r\n\r\n`);
    const first = parseResponse(await connection.readToEnd({ within }));
    expect(first?.headers.get("content-type")).toMatch(/^text\/css/);
    expect(parseResponse(first?.rest ?? "")?.status).toBe(400);
  });

  it("gets its stream behind a slow answer whole, with the requests behind it counted", async () => {
    const site = await startSite("http");
    const topic = freshTopic();
    const connection = await site.connect();
    connection.write(file + requestBytes({ path: `/esupdates?topic=${topic}` }) + health);
    await connection.readUntil("retry: 5000\n", { within });
    await connection.readUntil((text) => text.endsWith("\n\n"), { within });
    await site.publish({ topics: [topic], data: "whole" });
    const text = await connection.readUntil("data: whole\n\n", { within });
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    expect(site.figure("second_requests_total")).toBe(1);
  });
});

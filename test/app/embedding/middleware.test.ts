import compress from "@fastify/compress";
import cors from "@fastify/cors";
import compression from "compression";
import express from "express";
import session from "express-session";
import Fastify from "fastify";
import { request as requestHttp1 } from "node:http";
import { connect, createServer as createHttp2 } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { fastifyPharos } from "../../../src/app/embedding/fastify-plugin.js";
import { waitFor } from "../../support/wait-for.js";
import { hubForTest, startProgram, StreamText } from "./program.js";

const within = 30_000;

describe("middleware in front of a hub", () => {
  it("that compresses delivers each event at once", async () => {
    // `compression` keeps bytes back until `flush`. It leaves streams with `no-transform` alone, so this one loses it.
    const { hub, url } = await startProgram({}, (each) => {
      const app = express();
      app.use(compression({ threshold: 0 }));
      app.use((_request, response, next) => {
        const setHeader = response.setHeader.bind(response);
        response.setHeader = (name, value) => setHeader(name, name === "Cache-Control" ? "no-cache" : value);
        next();
      });
      app.use(each.handler);
      return app;
    });
    const response = await fetch(`${url}/esupdates?topic=a`, { headers: { "Accept-Encoding": "gzip" } });
    expect(response.headers.get("content-encoding")).toBe("gzip");
    const stream = new StreamText(response);
    for (const data of ["one", "two", "three"]) {
      await hub.publish({ topic: "a", data });
      expect(await stream.until(`data: ${data}`)).toContain(`data: ${data}`);
    }
  });

  it("that keeps sessions sets its cookie, and saves the session at the end of the stream", async () => {
    const saved: string[] = [];
    class Store extends session.MemoryStore {
      override set(id: string, data: session.SessionData, done?: (error?: unknown) => void): void {
        saved.push(id);
        super.set(id, data, done);
      }
    }
    const { hub, url } = await startProgram({}, (each) => {
      const app = express();
      app.use(session({ secret: "s", resave: true, saveUninitialized: true, store: new Store() }));
      app.use(each.handler);
      return app;
    });
    const response = await fetch(`${url}/esupdates?topic=a`);
    expect(response.headers.get("set-cookie")).toContain("connect.sid=");
    const stream = new StreamText(response);
    await hub.publish({ topic: "a", data: "x" });
    await stream.until("data: x");
    await hub.close();
    await stream.toEnd();
    expect(saved).toHaveLength(1);
  });

  it("of Fastify adds its headers to streams, and none compresses them twice", async () => {
    const app = Fastify();
    onTestFinished(() => app.close());
    await app.register(cors, { origin: ["https://app.example"], credentials: true });
    await app.register(compress, { threshold: 0 });
    await app.register(fastifyPharos, { prefix: "/live" });
    app.get("/own", () => ({ answers: "the host" }));
    const url = await app.listen({ port: 0, host: "127.0.0.1" });
    const headers = { Origin: "https://app.example" };
    expect(await (await fetch(`${url}/own`)).json()).toEqual({ answers: "the host" });
    const response = await fetch(`${url}/live/esupdates?topic=a`, { headers });
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(response.headers.get("vary")).toContain("Origin");
    const stream = new StreamText(response);
    await app.pharos.publish({ topic: "a", data: "x" });
    expect(await stream.until("data: x")).toContain("data: x");
    // The server waits for the ends of its connections. Bug kept out: streams never end by themselves.
    await app.close();
    expect(await stream.toEnd()).toContain("data: x");
  });

  it.each<[string, express.RequestHandler, RequestInit]>([
    ["JSON", express.json(), json({ topic: "a", data: { n: 1 } })],
    [
      "a form",
      express.urlencoded({ extended: false }),
      { body: new URLSearchParams({ topic: "a", data: '{"n":1}' }) },
    ],
    ["a text", express.text({ type: "*/*" }), json({ topic: "a", data: { n: 1 } })],
    ["bytes", express.raw({ type: "*/*" }), json({ topic: "a", data: { n: 1 } })],
  ])("that has read the body as %s leaves it to the hub", async (_name, parser, init) => {
    const { hub, url } = await startProgram({ open: true }, (each) =>
      express().use(parser).use(each.handler),
    );
    const stream = new StreamText(await fetch(`${url}/esupdates?topic=a`));
    const response = await fetch(`${url}/publish`, { method: "POST", ...init });
    expect(response.status).toBe(200);
    expect(await stream.until('{"n":1}')).toContain('data: {"n":1}');
    await hub.close();
  });

  it("that has dropped the body makes the request fail, and the log names the reason", async () => {
    const lines: unknown[] = [];
    const log = (fields: unknown): void => void lines.push(fields);
    const { url } = await startProgram(
      { open: true, logger: { debug: () => undefined, info: log, warn: log, error: log } },
      (each) =>
        express()
          .use((request, _response, next) => void request.resume().once("end", next))
          .use(each.handler),
    );
    const response = await fetch(`${url}/publish/a`, { method: "POST", body: "x" });
    expect(response.status).toBe(500);
    expect(String(lines.map((line) => String(Reflect.get(Object(line), "error"))))).toContain(
      "mount the hub before the body parser",
    );
  });
});

describe("a stream through the response of the host", () => {
  it("with HTTP/2 gets events in order, and leaves nothing when its client leaves", async () => {
    const hub = await hubForTest();
    const server = createHttp2((request, response) => hub.handler(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    onTestFinished(() => client.destroy());
    const streams = ["one", "two"].map((topic) => {
      const stream = client.request({ ":path": `/esupdates?topic=${topic}&topic=all` });
      let text = "";
      stream.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      return { stream, text: () => text };
    });
    await waitFor(() => streams.every(({ text }) => text().includes("retry:")), {
      within,
      missing: "two streams",
    });
    for (let n = 1; n <= 50; n += 1) await hub.publish({ topic: "all", data: `${n}` });
    await waitFor(() => streams.every(({ text }) => text().includes("data: 50")), {
      within,
      missing: "events",
    });
    for (const { text } of streams)
      expect(text().match(/(?<=data: ).*/g)).toEqual(Array.from({ length: 50 }, (_, n) => `${n + 1}`));
    for (const { stream } of streams) stream.close();
    await waitFor(() => hub.figures()["connections{front=http}"] === 0, {
      within,
      missing: "the ends of the streams",
    });
  });

  it("of a client that reads slowly does not delay others, and gets everything", async () => {
    const { hub, url } = await startProgram({}, (each) => express().use(compression()).use(each.handler));
    const { port } = new URL(url);
    const slow = requestHttp1({ port, path: "/esupdates?topic=a" });
    slow.end();
    const slowResponse = await new Promise<NodeJS.ReadableStream>((resolve) =>
      slow.once("response", resolve),
    );
    onTestFinished(() => void slow.destroy());
    const quick = new StreamText(await fetch(`${url}/esupdates?topic=a`));
    const data = "x".repeat(50_000);
    // 10 MB: more than the sockets and the response buffer.
    for (let n = 0; n < 200; n += 1) await hub.publish({ topic: "a", data: `${n} ${data}` });
    await quick.until(`199 ${data}`);
    expect(hub.figures()["laggards"]).toBe(1);
    let text = "";
    slowResponse.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    await waitFor(() => text.includes(`199 ${data}`), {
      within,
      missing: "the last event for the slow client",
    });
    expect(text.match(/(?<=data: )\d+/g)).toEqual(Array.from({ length: 200 }, (_, n) => `${n}`));
  });
});

function json(body: unknown): RequestInit {
  return { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
}

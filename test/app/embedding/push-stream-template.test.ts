import { expect, it } from "vitest";
import { requestBytes } from "../../contract/http-text.js";
import { connectRaw } from "../../support/raw-http.js";
import { waitFor } from "../../support/wait-for.js";
import { handshakeHeaders } from "../../support/web-socket.js";
import { startProgram, StreamText } from "./program.js";

const within = 30_000;
const text = 'two\nlines, ~id~ and "quotes" %20';

/** A hub with this template, and streams of all modes on one channel. */
async function openAll(template: string | undefined) {
  const options = {
    pushStream: "/",
    open: true,
    ...(template === undefined ? {} : { pushStreamTemplate: template }),
  };
  const { hub, server, url } = await startProgram(options, (each) => each.handler);
  hub.attach(server);
  const page = new StreamText(await fetch(`${url}/sub/news`));
  const events = new StreamText(await fetch(`${url}/ev/news`));
  const socket = await connectRaw({ port: Number(new URL(url).port) });
  socket.write(requestBytes({ path: "/ws/news", headers: handshakeHeaders }));
  await socket.readUntil("101 ", { within });
  const poll = fetch(`${url}/lp/news`).then((response) => response.text());
  await waitFor(() => hub.figures()["connections{front=poll}"] === 1, { within, missing: "the poll" });
  return { hub, url, page, events, socket, poll };
}

it("a template of the operator has the raw text in event streams, WebSockets and polls", async () => {
  const { hub, page, events, socket, poll } = await openAll("~channel~|~text~");
  await hub.publish({ topic: "news", data: text });
  expect(await events.until("%20")).toContain('data: news|two\ndata: lines, ~id~ and "quotes" %20\n\n');
  expect(await socket.readUntil("%20", { within })).toContain(`news|${text}`);
  expect(await poll).toBe(`news|${text}\r\n`);
  // The page for an iframe keeps its template: there, the text could run as a script.
  expect(await page.until("%2520")).toContain("p(1,'news','two%0Alines%2C%20~id~");
});

it("the template of pushstream.js stays the default", async () => {
  const { hub, events, poll } = await openAll(undefined);
  await hub.publish({ topic: "news", data: text });
  expect(await events.until("%2520")).toContain('data: {"id":1,"channel":"news","text":"two%0Alines');
  expect(await poll).toContain('{"id":1,"channel":"news","text":"two%0Alines');
});

it("a deleted channel is told in the template", async () => {
  const { url, events, socket, poll } = await openAll("~id~ ~text~");
  await fetch(`${url}/pub?id=news`, { method: "POST", body: "x" });
  await events.until("data: 1 x");
  expect(await poll).toBe("1 x\r\n");
  await fetch(`${url}/pub?id=news`, { method: "DELETE" });
  expect(await events.toEnd()).toMatch(/data: -2 \S/);
  expect(await socket.readUntil("-2 ", { within })).toMatch(/-2 \S/);
});

it("a template needs the module", async () => {
  await expect(startProgram({ pushStreamTemplate: "~text~" }, (each) => each.handler)).rejects.toThrow(
    'pushStreamTemplate: given "~text~", allowed: not set, unless --push-stream sets the paths of the module',
  );
});

import { describe, expect, it } from "vitest";
import { startFakeMongrel2, type FakeMongrel2 } from "../support/fake-mongrel2.js";
import type { HubProcess } from "../support/hub-process.js";
import { linkTo, startHubBehind } from "../support/mongrel2-hub.js";
import { printFigures } from "../support/load/figures.js";
import { handlerUuid } from "../support/mongrel2-config.js";
import { connectPublisher } from "../support/publisher.js";

const bystanders = [1, 2, 3, 4, 5];
const floodFrames = 5000;
const good = { PATH: "/esupdates", METHOD: "GET", URI: "/esupdates", VERSION: "HTTP/1.1" };

function netstring(text: string, end = ","): string {
  return `${Buffer.byteLength(text)}:${text}${end}`;
}

/** Invalid ends of a Mongrel2 message that names a client: the part after sender, id and path. */
const hostile: readonly (readonly [what: string, rest: string])[] = [
  ["nothing", ""],
  ["half a size", "1"],
  ["headers cut short", "99:{}"],
  ["a size beyond the frame", `99999999:{},0:,`],
  ["headers that are no JSON", `${netstring("{METHOD}")}0:,`],
  ["headers that are a list", `${netstring("[]")}0:,`],
  ["a header that is a number", `${netstring(JSON.stringify({ ...good, x: 1 }))}0:,`],
  ["METHOD twice", `${netstring(JSON.stringify({ ...good, METHOD: ["GET", "JSON"] }))}0:,`],
  ["no METHOD", `${netstring(JSON.stringify({ URI: "/", VERSION: "HTTP/1.1" }))}0:,`],
  ["a tnetstring that nests deep", `${netstring("1:x,".padStart(200, "1:["), "}")}0:,`],
  ["no body", netstring(JSON.stringify(good))],
  ["a body cut short", `${netstring(JSON.stringify(good))}9:x,`],
  ["bytes behind the body", `${netstring(JSON.stringify(good))}0:,more`],
];

const nameless = [
  "",
  " ",
  handlerUuid,
  `${handlerUuid} 1`,
  " 1 /j 2:{},0:,",
  `${handlerUuid} 4294967296 /j 2:{},0:,`,
  "POST / HTTP/1.1\r\nHost: x\r\n\r\n",
  "\u0001\u0000\u007f",
];

async function until(fake: FakeMongrel2, holds: () => boolean, missing: string): Promise<void> {
  await fake.changes.until(holds, { within: 10_000, missing });
}

function isClosed(fake: FakeMongrel2, id: number): boolean {
  return fake.messages.some(({ body, ids, control }) => !control && body.length === 0 && ids.includes(id));
}

function stream(fake: FakeMongrel2, id: number): string {
  return fake.bodiesOf(id).join("");
}

async function publish(fake: FakeMongrel2, hub: HubProcess, data: string): Promise<void> {
  await connectPublisher(hub.ingest).send(["broadcast", data]);
  const received = (): boolean => bystanders.every((id) => stream(fake, id).includes(`data: ${data}\n\n`));
  await until(fake, received, `${data} has not reached every bystander`);
}

/** A client whose connection has already carried a valid request. */
async function comeAs(fake: FakeMongrel2, id: number): Promise<void> {
  await fake.request(id, "/healthz");
  await until(fake, () => stream(fake, id).includes("200 OK"), `connection ${id} got no answer`);
}

function refusalLines(hub: HubProcess): readonly { readonly suppressed?: number }[] {
  const lines = hub.stderr.split("\n").filter((line) => line.includes("refused a frame"));
  return lines.map((line) => JSON.parse(line) as { suppressed?: number });
}

function refusedFrames(hub: HubProcess): number {
  const line = hub.stderr.split("\n").find((line) => line.includes('"msg":"figures"')) ?? "{}";
  const { figures = {} } = JSON.parse(line) as { figures?: Record<string, number> };
  const names = Object.keys(figures).filter((name) => name.startsWith("frames_refused_total"));
  return names.reduce((sum, name) => sum + (figures[name] ?? 0), 0);
}

describe.each([true, false])("hostile frames from a server (flow control: %s)", (flowControl) => {
  it("are refused, counted and logged at a limited rate; their sender gets 400 and a close, nobody else notices", async () => {
    const fake = await startFakeMongrel2({ flowControl });
    const hub = await startHubBehind({ mongrel2: [linkTo(fake)], args: ["--log-level", "debug"] });
    for (const id of bystanders) await fake.request(id);
    await publish(fake, hub, "before");
    const begin = performance.now();
    let sent = 0;
    for (const [index, [what, rest]] of hostile.entries()) {
      const id = 100 + index;
      await comeAs(fake, id);
      await fake.send(`${handlerUuid} ${id} /esupdates ${rest}`);
      sent += 1;
      await until(fake, () => isClosed(fake, id), `the sender of ${what} is not closed`);
      expect({ what, bodies: fake.bodiesOf(id) }).toEqual({
        what,
        bodies: [expect.any(String), expect.stringMatching(/^HTTP\/1\.1 400 [^]*\r\nConnection: close\r\n/)],
      });
    }
    for (const frame of nameless) await fake.send(frame);
    for (let n = 0; n < floodFrames; n += 1) await fake.send(`${handlerUuid} nobody /esupdates 2:{},0:,`);
    // The hub sends no answer on the connection of a stream, because the client reads all bytes there as part of the
    // stream.
    await fake.send(`${handlerUuid} 1 /esupdates 99:{}`);
    sent += nameless.length + floodFrames + 1;
    await publish(fake, hub, "after");
    const seconds = (performance.now() - begin) / 1000;
    const lines = refusalLines(hub);
    for (const id of bystanders) {
      expect(isClosed(fake, id), `bystander ${id} was closed`).toBe(false);
      expect(stream(fake, id).match(/^data: .*/gm)).toEqual(["data: before", "data: after"]);
      expect(stream(fake, id).match(/HTTP\/1\.1/g)).toHaveLength(1);
    }
    expect(await hub.stop()).toEqual({ code: 0, signal: null });
    printFigures(`Hostile frames from a server, flow control ${flowControl ? "on" : "off"}`, [
      `${sent} frames in ${seconds.toFixed(1)} s, ${refusedFrames(hub)} counted, ${lines.length} log lines`,
      `${hostile.length} senders that could be named: each 400 and a close`,
    ]);
    expect(refusedFrames(hub)).toBe(sent);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThanOrEqual(2 + seconds);
  });
});

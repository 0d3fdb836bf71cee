import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { PharosError } from "../../../../src/base/errors.js";
import type { FrontRequest } from "../../../../src/fronts/gateway-port.js";
import { FastifyFiles } from "../../../../src/fronts/http/static/fastify-files.js";
import type { FileAnswer } from "../../../../src/fronts/http2/page-files.js";
import { waitFor } from "../../../support/wait-for.js";

const within = 30_000;
/** More than any buffer between the file and its reader. */
const largeBytes = 5_000_000;

interface Served {
  readonly files: FastifyFiles;
  /** The number of descriptors of the large file that this process has open. */
  readonly descriptors: () => number;
}

/** A page with a small and a large file, of which one may be open at a time. */
async function serve(): Promise<Served> {
  const htmlDir = mkdtempSync(join(tmpdir(), "pharos-files-"));
  const large = join(htmlDir, "large.js");
  writeFileSync(large, Buffer.alloc(largeBytes, "x"));
  writeFileSync(join(htmlDir, "small.js"), "small");
  const files = new FastifyFiles({ htmlDir, openFiles: { most: 1, count: 0 } });
  await files.ready();
  onTestFinished(async () => {
    await files.close();
    rmSync(htmlDir, { recursive: true });
  });
  const isLarge = (descriptor: string): boolean => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`) === large;
    } catch {
      return false;
    }
  };
  return { files, descriptors: () => readdirSync("/proc/self/fd").filter(isLarge).length };
}

function request(method: string, path: string, headers: Readonly<Record<string, string>> = {}): FrontRequest {
  return {
    method,
    path,
    query: "",
    version: "2.0",
    header: (name) => headers[name],
    headerNames: () => Object.keys(headers),
    body: () => Promise.resolve(Buffer.alloc(0)),
    disconnectSignal: () => new AbortController().signal,
    peer: "127.0.0.1",
    isDirect: true,
    front: "http",
    isTls: true,
    identified: () => undefined,
  };
}

async function read(answer: FileAnswer | undefined): Promise<number> {
  let bytes = 0;
  if (answer !== undefined) for await (const part of answer.body) bytes += part.length;
  return bytes;
}

// Bug: the file stayed open, and counted as open. After some such clients, all requests for files got 503.
it("a file that is left in the middle is closed, and no longer counts", async () => {
  const { files, descriptors } = await serve();
  for (let round = 0; round < 3; round += 1) {
    const answer = await files.answer(request("GET", "/large.js"));
    expect(answer?.status).toBe(200);
    await waitFor(() => descriptors() === 1, { within, missing: "the file is not open" });
    await expect(files.answer(request("GET", "/small.js"))).rejects.toThrow(PharosError);
    answer?.body.destroy();
    await waitFor(() => descriptors() === 0, { within, missing: "the file is open" });
  }
  expect(await read(await files.answer(request("GET", "/small.js")))).toBe(5);
});

it("a file that is read to its end is closed, and no longer counts", async () => {
  const { files, descriptors } = await serve();
  expect(await read(await files.answer(request("GET", "/large.js")))).toBe(largeBytes);
  await waitFor(() => descriptors() === 0, { within, missing: "the file is open" });
  expect(await read(await files.answer(request("GET", "/small.js")))).toBe(5);
});

it.each<[string, FrontRequest, number]>([
  ["HEAD", request("HEAD", "/large.js"), 200],
  ["a condition", request("GET", "/large.js", { "if-modified-since": new Date(2 ** 42).toUTCString() }), 304],
])("an answer without a body needs no file: %s", async (_name, asked, status) => {
  const { files, descriptors } = await serve();
  const answer = await files.answer(asked);
  expect(answer?.status).toBe(status);
  expect(await read(answer)).toBe(0);
  await waitFor(() => descriptors() === 0, { within, missing: "the file is open" });
  expect(await read(await files.answer(request("GET", "/small.js")))).toBe(5);
});

it("a part of a file is sent if the request asks for it", async () => {
  const { files } = await serve();
  const answer = await files.answer(request("GET", "/large.js", { range: "bytes=10-19" }));
  expect(answer?.status).toBe(206);
  expect(await read(answer)).toBe(10);
});

it("there is no answer for a path without a file, and an error for a malformed path", async () => {
  const { files } = await serve();
  expect(await files.answer(request("GET", "/nothing.js"))).toBeUndefined();
  await expect(files.answer(request("GET", "/%zz"))).rejects.toMatchObject({ code: "bad-request" });
  // The library would read these as paths of other files, or fail.
  const odd = [
    "/../package.json",
    "/a/../small.js",
    "/%2e%2e/small.js",
    "/\\x/small.js",
    "/\\[",
    "/small.js#a",
    "//x/small.js",
  ];
  const answers = await Promise.all(odd.map((path) => files.answer(request("GET", path))));
  expect(answers).toEqual(odd.map(() => undefined));
  expect(await read(await files.answer(request("GET", "/small.js")))).toBe(5);
});

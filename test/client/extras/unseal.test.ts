import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CompactEncrypt } from "jose";
import { expect, it, onTestFinished } from "vitest";

import type { LiveEvent } from "../../../src/client/index.js";
import { createUnsealer } from "../../../src/client/extras/unseal.js";
import { sealer } from "../../../src/publisher/seal.js";

const key = Buffer.alloc(32, 7);
const eventOf = (data: string): LiveEvent => ({ kind: "event", id: "1", topics: ["t"], data });

async function keyFile(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pharos-seal-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "key"), text);
  return join(folder, "key");
}

it.each(["base64", "base64url"] as const)("opens what was sealed with a key in %s", async (encoding) => {
  const seal = await sealer(await keyFile(`${key.toString(encoding)}\n`));
  const sealed = await seal("é 🚦");
  expect(sealed).not.toContain("é");
  const opened = { ...eventOf("é 🚦"), sealed: "opened" };
  expect(await createUnsealer(key)(eventOf(sealed))).toEqual(opened);
  expect(await createUnsealer(key.toString("base64url"))(eventOf(sealed))).toEqual(opened);
});

it("leaves plain data as it is, and says of it nothing", async () => {
  expect(await createUnsealer(key)(eventOf("a.b.c.d.e"))).toEqual(eventOf("a.b.c.d.e"));
});

it("leaves what another key sealed, or another algorithm, and says so", async () => {
  const seal = await sealer(await keyFile(Buffer.alloc(32, 8).toString("base64")));
  const header = { alg: "dir", enc: "A128CBC-HS256" };
  const other = await new CompactEncrypt(Buffer.from("x")).setProtectedHeader(header).encrypt(key);
  for (const data of [await seal("x"), other])
    expect(await createUnsealer(key)(eventOf(data))).toEqual({ ...eventOf(data), sealed: "unreadable" });
});

it("leaves sealed data that was changed in any part, and says so", async () => {
  const seal = await sealer(await keyFile(key.toString("base64")));
  const parts = (await seal("secret")).split(".");
  const change = (text: string): string => (text.startsWith("A") ? "B" : "A") + text.slice(1);
  for (const n of [0, 2, 3, 4]) {
    const data = parts.map((part, m) => (m === n ? change(part) : part)).join(".");
    expect(await createUnsealer(key)(eventOf(data))).toEqual({ ...eventOf(data), sealed: "unreadable" });
  }
});

it.each([[Buffer.alloc(16)], ["c2hvcnQ"], ["no base64!"]])("refuses the key %j", (wrong) => {
  expect(() => createUnsealer(wrong)).toThrowError(/decryptKey must be 32 bytes or their base64 text/);
});

it("refuses a file that cannot be read or holds another number of bytes", async () => {
  await expect(sealer("/nonexistent")).rejects.toMatchObject({ code: "bad-config" });
  await expect(sealer(await keyFile("c2hvcnQ"))).rejects.toMatchObject({ code: "bad-config" });
});

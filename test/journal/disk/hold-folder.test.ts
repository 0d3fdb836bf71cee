import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { holdFolder } from "../../../src/journal/disk/files/hold-folder.js";
import { compiledHolder, Holder } from "./holder.js";
import { scratchFolder } from "./scratch-folder.js";
import { simultaneousStarts } from "./simultaneous-starts.js";

test("a folder is held by one, and free after that", async () => {
  const dir = scratchFolder();
  const held = await holdFolder(dir);
  await expect(holdFolder(dir)).rejects.toMatchObject({
    code: "bad-config",
    message: `another hub uses the folder ${dir}; stop that hub, or choose another folder`,
  });
  await held.release();
  await held.release();
  expect(readdirSync(dir)).toEqual([]);
  const again = await holdFolder(dir);
  await again.release();
});

test("exactly one of many simultaneous calls holds the folder", async () => {
  const dir = scratchFolder();
  for (let round = 0; round < 20; round += 1) {
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => holdFolder(dir)));
    const held = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    expect(held.length).toBe(1);
    await held[0]?.release();
  }
});

test("exactly one of two processes holds the folder, also after its holder was killed", async () => {
  const { winners, refusals, dir } = await simultaneousStarts(4);
  expect(winners).toEqual([1, 1, 1, 1]);
  expect([...refusals]).toEqual([
    `another hub uses the folder ${dir}; stop that hub, or choose another folder`,
  ]);
});

test("a folder with a long path is held too", async () => {
  const dir = join(scratchFolder(), "long".repeat(40));
  mkdirSync(dir);
  const held = await holdFolder(dir);
  onTestFinished(() => held.release());
  expect(readdirSync(dir).length).toBe(1);
  await expect(holdFolder(dir)).rejects.toMatchObject({ code: "bad-config" });
});

test("a file that only looks like a lock stays", async () => {
  const dir = scratchFolder();
  writeFileSync(join(dir, "notes.lock"), "mine");
  const held = await holdFolder(dir);
  await held.release();
  expect(readdirSync(dir)).toEqual(["notes.lock"]);
  expect(statSync(join(dir, "notes.lock")).size).toBe(4);
});

test("a process in another network, as a container that shares the folder, is refused", async (context) => {
  const wrapper = ["unshare", "--net"];
  if (spawnSync(wrapper[0] ?? "", ["--net", "true"]).status !== 0)
    context.skip("this machine does not allow another network");
  const folder = scratchFolder();
  const dir = join(folder, "journal");
  mkdirSync(dir);
  const held = await holdFolder(dir);
  const other = await Holder.start(compiledHolder(folder), wrapper);
  expect(await other.hold(dir, 0)).toBe(
    `another hub uses the folder ${dir}; stop that hub, or choose another folder`,
  );
  await held.release();
  expect(await other.hold(dir, 0)).toBe("held");
  await expect(holdFolder(dir)).rejects.toMatchObject({ code: "bad-config" });
});

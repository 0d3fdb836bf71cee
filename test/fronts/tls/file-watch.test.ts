import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { FileWatch } from "../../../src/fronts/tls/file-watch.js";
import { certificateFolder } from "../../support/tls/certificates.js";
import { VirtualClock } from "../../support/virtual-clock.js";

/** Watches the files. `looks` looks at them several times, and returns the number of changes so far. */
function watched(...files: readonly string[]) {
  const clock = new VirtualClock();
  let changes = 0;
  const watch = new FileWatch({ files, clock, changed: () => void (changes += 1) });
  onTestFinished(() => watch.close());
  const looks = async (count: number): Promise<number> => {
    for (let look = 0; look < count; look += 1) await watch.look();
    return changes;
  };
  return { looks, clock, watch };
}

test("a file that stays as it is has not changed", async () => {
  const file = join(certificateFolder(), "a");
  writeFileSync(file, "1");
  const { looks } = watched(file);
  expect(await looks(5)).toBe(0);
});

/** Replaces a symbolic link in one step, as Kubernetes and certbot do. */
function link(target: string, path: string): void {
  symlinkSync(target, `${path}.new`);
  renameSync(`${path}.new`, path);
}

test.each<[string, (file: string) => void, (file: string) => void]>([
  ["is written in place", (file) => writeFileSync(file, "1"), (file) => writeFileSync(file, "22")],
  [
    "is written in place with the same length, and its old time",
    (file) => writeFileSync(file, "1"),
    (file) => {
      writeFileSync(file, "2");
      utimesSync(file, 1, 1);
    },
  ],
  [
    "is replaced by a rename",
    (file) => writeFileSync(file, "1"),
    (file) => {
      writeFileSync(`${file}.new`, "2");
      renameSync(`${file}.new`, file);
    },
  ],
  [
    "is a link that points to another file (certbot)",
    (file) => {
      writeFileSync(`${file}1`, "1");
      writeFileSync(`${file}2`, "2");
      link(`${file}1`, file);
    },
    (file) => link(`${file}2`, file),
  ],
  [
    "is below a link that points to another folder (Kubernetes)",
    (file) => {
      const folder = dirname(file);
      for (const version of ["..1", "..2"]) {
        mkdirSync(join(folder, version));
        writeFileSync(join(folder, version, "tls.crt"), version);
      }
      link("..1", join(folder, "..data"));
      symlinkSync(join("..data", "tls.crt"), file);
    },
    (file) => link("..2", join(dirname(file), "..data")),
  ],
  ["appears", () => undefined, (file) => writeFileSync(file, "1")],
  ["disappears", (file) => writeFileSync(file, "1"), (file) => rmSync(file)],
])("a file that %s has changed once", async (_name, before, change) => {
  const file = join(certificateFolder(), "a");
  before(file);
  const { looks } = watched(file);
  expect(await looks(2)).toBe(0);
  change(file);
  expect(await looks(4)).toBe(1);
});

test("files that change one after the other count as changed when all are at rest", async () => {
  const folder = certificateFolder();
  const [first, second] = [join(folder, "a"), join(folder, "b")];
  writeFileSync(first, "1");
  writeFileSync(second, "1");
  const { looks } = watched(first, second);
  writeFileSync(first, "22");
  expect(await looks(1)).toBe(0);
  writeFileSync(second, "22");
  expect(await looks(1)).toBe(0);
  expect(await looks(3)).toBe(1);
});

test("the watch looks by itself, and leaves no timer behind", async () => {
  const file = join(certificateFolder(), "a");
  const { clock, watch, looks } = watched(file);
  writeFileSync(file, "1");
  await expect
    .poll(() => {
      clock.advance(2000);
      return looks(0);
    })
    .toBe(1);
  await watch.close();
  expect(clock.timers).toBe(0);
});

import { existsSync, openSync, readSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";

/**
 * Node preloads this file into a hub and its workers (`--import`). Each process measures the turns of its event loop
 * from the moment that the folder `PHAROS_TEST_TURNS` has a file `start`, and writes the CPU time of the longest turn to
 * `PID.json` there, in milliseconds.
 *
 * On a busy machine other programs hold a turn up, so the duration of a turn says little. Node 20 has no CPU time of one
 * thread; Linux has, and updates it every 4 ms or more often.
 */
const everyMs = 500;

function meter(folder) {
  const stat = openSync("/proc/thread-self/schedstat");
  const bytes = Buffer.alloc(64);
  const cpuMs = () =>
    Number.parseInt(bytes.latin1Slice(0, readSync(stat, bytes, 0, bytes.length, 0)), 10) / 1e6;
  let [before, longestMs, turns] = [0, 0, 0];
  const measure = () => {
    const now = cpuMs();
    longestMs = Math.max(longestMs, now - before);
    turns += 1;
    before = now;
    setImmediate(measure).unref();
  };
  const write = () => {
    // The test may read the file at any moment.
    const part = join(folder, `${process.pid}.part`);
    writeFileSync(part, JSON.stringify({ longestMs, turns }));
    renameSync(part, join(folder, `${process.pid}.json`));
    before = cpuMs();
  };
  const begin = setInterval(() => {
    if (!existsSync(join(folder, "start"))) return;
    clearInterval(begin);
    before = cpuMs();
    setImmediate(measure).unref();
    setInterval(write, everyMs).unref();
  }, 50).unref();
}

const { PHAROS_TEST_TURNS: folder } = process.env;
if (folder !== undefined && isMainThread) meter(folder);

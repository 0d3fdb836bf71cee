import { promises } from "node:fs";

/*
 * Node's loader opens all files of a package at the same time: over 80 in this program. With a small limit of open files,
 * the program ended before its first line. This file limits the loader's calls of `readFile`. Import it before everything
 * else, and import the rest of the program with `import()`: the loader gets static imports before it runs this file.
 */

/** The number of files that the loader may read at the same time. More do not make it faster. */
const mostFiles = 8;

const { readFile } = promises;
const waiting: (() => void)[] = [];
let reading = 0;

async function inTurn(...args: Parameters<typeof readFile>): Promise<string | Buffer> {
  if (reading >= mostFiles) await new Promise<void>((resolve) => waiting.push(resolve));
  reading += 1;
  try {
    return await readFile(...args);
  } finally {
    reading -= 1;
    waiting.shift()?.();
  }
}

Object.assign(promises, { readFile: inTurn });

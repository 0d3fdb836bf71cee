import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** A collection frees the memory of buffers in another thread. The next collection waits for that thread. */
const collections = 3;

/** The memory that JavaScript objects and buffers of this process use, in bytes, after a collection of garbage. */
export function usedBytes(): number {
  for (let count = 0; count < collections; count += 1) collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { runWorker } from "../../src/app/run-worker.js";

test("a worker that cannot be built rejects, and throws nothing into the channel", async () => {
  const channel = new EventEmitter();
  const cannot = (): never => {
    throw new Error("no logger");
  };
  const running = runWorker(cannot, new PassThrough(), channel);
  setImmediate(() => channel.emit("message", { logLevel: "error" }));
  await expect(running).rejects.toThrow("no logger");
});

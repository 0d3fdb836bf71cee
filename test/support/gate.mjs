// Loaded into a hub and its workers with NODE_OPTIONS: a worker starts only when the file exists that GATE_FILE
// names, so that a test sees the hub while it starts.
import { existsSync } from "node:fs";

const gate = process.env["GATE_FILE"];
const wait = new Int32Array(new SharedArrayBuffer(4));
if (process.argv[1]?.endsWith("worker.js")) while (!existsSync(gate)) Atomics.wait(wait, 0, 0, 20);

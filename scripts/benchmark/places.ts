import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the benchmark. */
export const here = dirname(fileURLToPath(import.meta.url));

/** The project's folder. */
export const root = dirname(dirname(here));

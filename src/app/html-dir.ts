import { fileURLToPath } from "node:url";

/** Where the pages lie: beside the compiled code's folder, in a checkout and in the package alike. */
export const htmlDir = fileURLToPath(new URL("../../html", import.meta.url));

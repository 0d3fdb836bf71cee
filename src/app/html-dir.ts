import { fileURLToPath } from "node:url";

/** The folder of the pages. This folder is beside the folder of the compiled code, in a checkout and in the package. */
export const htmlDir = fileURLToPath(new URL("../../html", import.meta.url));

import { z } from "zod";

const allowed =
  "16 to 256 printable characters without a space, for instance the output of openssl rand -hex 32";

/** A token that gives access to the admin address. */
export const adminToken = z.string({ error: allowed }).regex(/^[!-~]{16,256}$/, allowed);

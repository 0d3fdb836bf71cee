import { z } from "zod";

const allowed =
  "1 to 128 letters, digits and characters of !#$%&'*+-.^_`|~, for instance hub_token; without =, ; and spaces";

/** The name of a cookie [RFC 6265 4.1.1]. */
export const cookieName = z.string({ error: allowed }).regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/, allowed);

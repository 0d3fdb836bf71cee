import { z } from "zod";

/** The most characters of a name. A host's name has 64 characters at most, and a port 5. */
const mostCharacters = 100;

const allowed = `1 to ${mostCharacters} characters without control characters, for instance hub-1`;

/** A name of a hub, for operators. */
export const nodeName = z
  .string({ error: allowed })
  .max(mostCharacters, allowed)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, allowed);

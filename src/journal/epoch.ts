import { randomBytes } from "node:crypto";
import { parseEpoch } from "../hub/publications/position.js";
import type { Epoch } from "../hub/publications/position.js";

/** Creates an epoch of 48 random bits, so that two runs of a journal never have the same epoch. */
export function createEpoch(): Epoch {
  const epoch = parseEpoch(randomBytes(6).toString("base64url"));
  if (epoch === undefined) throw new Error("base64url text is always an epoch");
  return epoch;
}

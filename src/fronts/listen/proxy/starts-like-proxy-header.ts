import { signature } from "./header-block.js";

/** True if these first bytes of a connection are the start of a PROXY header. */
export function startsLikeProxyHeader(bytes: Buffer): boolean {
  return bytes.subarray(0, signature.length).equals(signature) || bytes.toString("latin1", 0, 6) === "PROXY ";
}

import { isUtf8 } from "node:buffer";
import { closeCodes, frameClose } from "./frame.js";

/**
 * The hub's answer to a client's close frame. The answer repeats the client's code [RFC 6455 5.5.1]. If the client's
 * payload breaks a rule, the answer says which.
 */
export function answerToClose(payload: Buffer): Buffer {
  if (payload.length === 0) return frameClose(closeCodes.normal);
  if (payload.length === 1)
    return frameClose(
      closeCodes.protocolError,
      "the payload of a close frame must begin with a code of two bytes",
    );
  const code = payload.readUInt16BE(0);
  if (!mayBeSent(code))
    return frameClose(closeCodes.protocolError, `a close frame must not have the code ${code}`);
  return isUtf8(payload.subarray(2))
    ? frameClose(code)
    : frameClose(closeCodes.badText, "the reason of a close frame must be UTF-8");
}

/** True for a code that an endpoint may send [RFC 6455 7.4, IANA WebSocket Close Code Number Registry]. */
function mayBeSent(code: number): boolean {
  const isRegistered = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  return isRegistered || (code >= 3000 && code <= 4999);
}

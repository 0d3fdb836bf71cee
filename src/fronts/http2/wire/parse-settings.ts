import { ConnectionFault, errorCode, mostWindowBytes, settingId } from "./protocol.js";
import type { Http2ErrorCode } from "./protocol.js";

/** The settings of a client that the hub uses. */
export interface ClientSettings {
  /** The window of each stream, in bytes; undefined if it does not change. */
  readonly streamWindowBytes: number | undefined;
}

/**
 * Reads the payload of a SETTINGS frame [RFC 9113 6.5]. A frame may have 2,730 values for the same setting: the last one
 * counts.
 *
 * @throws ConnectionFault for a wrong length, and for values out of their range
 */
export function parseSettings(payload: Buffer): ClientSettings {
  if (payload.length % 6 !== 0) throw fault("SETTINGS of a wrong length", errorCode.frameSizeError);
  let streamWindowBytes: number | undefined;
  for (let at = 0; at < payload.length; at += 6) {
    const [id, value] = [payload.readUInt16BE(at), payload.readUInt32BE(at + 2)];
    checkSetting(id, value);
    if (id === settingId.initialWindowSize) streamWindowBytes = value;
  }
  return { streamWindowBytes };
}

function checkSetting(id: number, value: number): void {
  if (id === settingId.enablePush && value > 1) throw fault("ENABLE_PUSH is neither 0 nor 1");
  if (id === settingId.maxFrameSize && (value < 2 ** 14 || value >= 2 ** 24))
    throw fault("MAX_FRAME_SIZE is out of range");
  if (id === settingId.initialWindowSize && value > mostWindowBytes)
    throw fault("INITIAL_WINDOW_SIZE is too large", errorCode.flowControlError);
}

function fault(message: string, code: Http2ErrorCode = errorCode.protocolError): ConnectionFault {
  return new ConnectionFault(code, message);
}

import { describe, expect, it } from "vitest";
import { parseSettings } from "../../../../src/fronts/http2/wire/parse-settings.js";
import { ConnectionFault, errorCode } from "../../../../src/fronts/http2/wire/protocol.js";

const [enablePush, initialWindowSize, maxFrameSize] = [2, 4, 5];

function payloadOf(...settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * settings.length);
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  }
  return payload;
}

function faultOf(payload: Buffer): number | undefined {
  try {
    parseSettings(payload);
  } catch (error) {
    if (error instanceof ConnectionFault) return error.code;
    throw error;
  }
  return undefined;
}

describe("the settings of a client", () => {
  it("have the last window size of the frame, if any", () => {
    expect(parseSettings(payloadOf())).toEqual({ streamWindowBytes: undefined });
    const settings = payloadOf([initialWindowSize, 5], [99, 7], [initialWindowSize, 0], [1, 2 ** 32 - 1]);
    expect(parseSettings(settings)).toEqual({ streamWindowBytes: 0 });
    expect(parseSettings(payloadOf([initialWindowSize, 2 ** 31 - 1])).streamWindowBytes).toBe(2 ** 31 - 1);
  });

  it.each([
    [enablePush, 2, errorCode.protocolError],
    [enablePush, 1, undefined],
    [initialWindowSize, 2 ** 31, errorCode.flowControlError],
    [maxFrameSize, 16_383, errorCode.protocolError],
    [maxFrameSize, 16_384, undefined],
    [maxFrameSize, 2 ** 24 - 1, undefined],
    [maxFrameSize, 2 ** 24, errorCode.protocolError],
  ])("are in their ranges: %i = %i", (id, value, code) => {
    expect(faultOf(payloadOf([id, value]))).toBe(code);
    expect(faultOf(payloadOf([99, 0], [id, value], [99, 0]))).toBe(code);
  });

  it("have 6 bytes each", () => {
    for (const length of [1, 5, 7]) expect(faultOf(Buffer.alloc(length))).toBe(errorCode.frameSizeError);
  });
});

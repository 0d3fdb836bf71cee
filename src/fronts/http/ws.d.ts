// Pharos uses only the `Receiver` of the package `ws`, and `@types/ws` does not declare this class.
declare module "ws" {
  import type { Writable } from "node:stream";

  /** Parses the bytes that one side of a WebSocket sends. */
  export class Receiver extends Writable {
    constructor(options: {
      readonly isServer: boolean;
      readonly maxPayload: number;
      readonly maxFragments: number;
      readonly maxBufferedChunks: number;
    });
    on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): this;
    on(event: "ping" | "pong", listener: (data: Buffer) => void): this;
    on(event: "conclude", listener: (code: number, reason: Buffer) => void): this;
    on(event: "error", listener: (error: Error & { readonly code?: string }) => void): this;
  }
}

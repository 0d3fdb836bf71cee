import type { Socket } from "node:net";
import type { Channel } from "../../fanout/channel.js";
import type { Connection } from "../../fanout/connection.js";

/** What the HTTP front knows a client stream by. */
export interface StreamSocket {
  readonly socket: Socket;
  /** Called by the socket when it has passed a write on to the kernel. */
  readonly onWritten: () => void;
  /** Requests that came while the stream ran. */
  extraRequests: number;
}

/**
 * Writes rounds to sockets: the same Buffer for every member, so that a slow client holds a reference, not a copy. A
 * socket has drained when the kernel has taken everything.
 */
export class StreamChannel implements Channel<StreamSocket> {
  readonly maxWriteBytes = Number.POSITIVE_INFINITY;
  readonly pacing = "drain";
  readonly #drained: (connection: Connection<StreamSocket>) => void;

  /** @param drained called for a connection whose socket has taken everything, maybe during the write */
  constructor(drained: (connection: Connection<StreamSocket>) => void) {
    this.#drained = drained;
  }

  roundBytes(): number {
    return Number.POSITIVE_INFINITY;
  }

  write(connection: Connection<StreamSocket>, body: Buffer): void {
    const { socket, onWritten } = connection.handle;
    socket.write(body, onWritten);
    // Most writes go to the kernel at once; to wait for their callbacks would delay the next round by a turn.
    if (socket.writableLength === 0) this.#drained(connection);
  }

  writeRound(members: ReadonlySet<Connection<StreamSocket>>, body: Buffer): void {
    for (const member of members) this.write(member, body);
  }

  whenHandedOver(action: () => void): void {
    action();
  }

  joined(): void {}

  left(): void {}

  end(connection: Connection<StreamSocket>): void {
    connection.handle.socket.destroySoon();
  }

  cut(connection: Connection<StreamSocket>): void {
    connection.handle.socket.destroy();
  }

  flush(): void {}
}

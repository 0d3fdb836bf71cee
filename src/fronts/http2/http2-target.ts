import type { Connection, EndReason } from "../../delivery/connection.js";
import type { Fanout } from "../../delivery/fanout.js";
import type { StreamTarget } from "../streams/stream-target.js";
import type { Http2Session } from "./session/http2-session.js";
import type { Http2Stream } from "./session/http2-stream.js";

/**
 * An event stream on one stream of a session. What the client's windows do not let through waits as a reference to the
 * bytes of the round.
 */
export class Http2Target implements StreamTarget {
  readonly #stream: Http2Stream;
  readonly #session: Http2Session;
  readonly #fanout: Fanout<StreamTarget>;

  constructor(stream: Http2Stream, session: Http2Session, fanout: Fanout<StreamTarget>) {
    this.#stream = stream;
    this.#session = session;
    this.#fanout = fanout;
  }

  get sentBytes(): number {
    return this.#stream.output.sentBytes;
  }

  get group(): object {
    return this.#session;
  }

  get isHeldUp(): boolean {
    const { output } = this.#session;
    return (
      output.isWriting || this.#stream.output.waitingBytes > this.#stream.output.allowance(output.window)
    );
  }

  /** Call this method when the stream is open in the fan-out, before its first write. */
  opened(connection: Connection<StreamTarget>): void {
    this.#stream.isWatched = true;
    this.#stream.output.drained = () => this.#fanout.drained(connection);
    this.#stream.lifetime.onEnd(() => this.#fanout.closed(connection));
  }

  write(body: Buffer): boolean {
    this.#stream.send(body);
    return false;
  }

  /** The fan-out no longer watches the stream, so the session does, until the client has read the rest. */
  end(_reason: EndReason, last: Buffer): void {
    this.#stream.isWatched = false;
    if (last.length > 0) this.#stream.send(last);
    this.#stream.end();
  }

  cut(): void {
    this.#stream.cancel();
  }
}

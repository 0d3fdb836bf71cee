import type { Connection } from "../../delivery/connection.js";
import type { EndReason } from "../../delivery/joining/open-stream.js";
import type { Fanout } from "../../delivery/fanout.js";
import type { StreamTarget } from "../streams/stream-target.js";
import type { DataOutput } from "./session/data-output.js";
import type { Http2Session } from "./session/http2-session.js";
import type { Http2Stream } from "./session/http2-stream.js";
import type { SessionOutput } from "./session/session-output.js";

/**
 * An event stream on one stream of a session. What the client's windows do not let through waits as a reference to the
 * bytes of the round.
 */
export class Http2Target implements StreamTarget {
  /** The output of the session. A round to 10,000 streams reads the memory of each, so the way to it is short. */
  readonly group: SessionOutput;
  readonly #output: DataOutput;
  readonly #stream: Http2Stream;
  readonly #fanout: Fanout<StreamTarget>;

  constructor(stream: Http2Stream, session: Http2Session, fanout: Fanout<StreamTarget>) {
    this.group = session.output;
    this.#output = stream.output;
    this.#stream = stream;
    this.#fanout = fanout;
  }

  get sentBytes(): number {
    return this.#output.sentBytes;
  }

  get isHeldUp(): boolean {
    return this.group.isWriting || this.#output.waitingBytes > this.#output.allowance(this.group.window);
  }

  /** Call this method when the stream is open in the fan-out, before its first write. */
  opened(connection: Connection<StreamTarget>): void {
    this.#stream.isWatched = true;
    this.#output.drained = () => this.#fanout.drained(connection);
    this.#stream.lifetime.onEnd(() => this.#fanout.closed(connection));
  }

  write(body: Buffer): boolean {
    this.#output.add(body);
    this.group.proceed(this.#output);
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

import { clientLeft } from "../../access-log/access-line.js";
import type { OpenAccess } from "../../access-log/access-log.js";
import type { Http2Stream } from "./session/http2-stream.js";

/** Tells the access log of one request, when its stream has ended. */
export class Http2Access {
  readonly #access: OpenAccess;
  readonly #stream: Http2Stream;
  #status = clientLeft;
  #kind: "request" | "stream" = "request";
  #topics: number | undefined;

  constructor(access: OpenAccess, stream: Http2Stream) {
    this.#access = access;
    this.#stream = stream;
    stream.lifetime.onEnd(() => this.#finish());
  }

  /** Call this when the token of the request is verified. */
  identified(subject: string | undefined): void {
    this.#access.subject = subject;
  }

  /** Call this when the response begins. */
  answered(status: number): void {
    this.#status = status;
  }

  /** Call this when the response has become an event stream. */
  streams(topics: number | undefined): void {
    this.#kind = "stream";
    this.#topics = topics;
    this.#access.becomeStream(() => this.#finish());
  }

  #finish(): void {
    const { sentBytes: bytes, isAnswered } = this.#stream;
    this.#access.end({
      kind: this.#kind,
      status: this.#status,
      bytes,
      // An event stream has no end of its own.
      isComplete: this.#kind === "stream" || isAnswered,
      topics: this.#topics,
    });
  }
}

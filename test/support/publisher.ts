import { Push } from "zeromq";
import { atTestEnd, type OnEnd } from "./on-end.js";

/** Connects a PUSH socket to a hub's ingest endpoint. The socket is closed after the test. */
export function connectPublisher(endpoint: string, options: { readonly onEnd?: OnEnd } = {}): Push {
  const push = new Push({ linger: 0, sendTimeout: 20_000 });
  push.connect(endpoint);
  (options.onEnd ?? atTestEnd)(() => push.close());
  return push;
}

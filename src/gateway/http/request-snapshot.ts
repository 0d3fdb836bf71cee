import { forwarding } from "./loopback.js";
import type { GatewayRequest } from "./messages.js";

/** What says who asked, and whether a page of which origin did. */
const names = [
  "authorization",
  "cookie",
  "host",
  "origin",
  "referer",
  "sec-fetch-site",
  "x-forwarded-for",
  ...forwarding,
];

const nothing = Buffer.alloc(0);

/** The request of a snapshot is answered already. */
const neverAborted = new AbortController().signal;

/**
 * What has to be known of a request for as long as its stream is open, without what the front holds for it: Node's
 * objects would be some 7 KB a stream.
 *
 * @param bearer stands in the place of its own Authorization
 */
export function snapshotRequest(request: GatewayRequest, bearer?: string): GatewayRequest {
  const { method, path, query, peer, front } = request;
  const headers = new Map(
    names.flatMap((name) => {
      const value = request.header(name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  if (bearer !== undefined) headers.set("authorization", `Bearer ${bearer}`);
  return {
    method,
    path,
    query,
    peer,
    front,
    header: (name) => headers.get(name),
    body: () => Promise.resolve(nothing),
    disconnectSignal: () => neverAborted,
  };
}

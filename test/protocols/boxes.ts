import { describe } from "vitest";

/**
 * The protocols as checklists. Each entry is one requirement for a hub. The name of an entry has the lines of the draft
 * (draft-dunglas-mercure-08), or else the first words of the requirement. `current` is that draft, and `older` is
 * draft-07 as deployed. `push-stream` is the behaviour of the nginx push stream module and its client library.
 * boxes.test.ts compares the tests with these checklists.
 */
export const boxes = {
  "current, Identifiers": ["l.73-75, l.284-288: Topic", "Hub URL"],
  "current, Subscribe": [
    "l.116-133: GET, and QUERY",
    "l.152: Parse query with the WHATWG algorithm",
    "l.135-150: Params",
    "l.162-169: Any other parameter that begins with match",
    "l.171-176: Matcher value",
    "l.181-191: Limits",
    "l.274-280: * as matcher value",
    "exact",
    "l.299-322: urlpattern",
    "l.912: Response text/event-stream",
    "Private updates never reach an unauthorised subscriber",
    "l.199-207: CORS for browsers",
  ],
  "current, Publish": [
    "l.353-366: Body",
    "l.366-384: Reserved namespace",
    "data",
    "private",
    "id",
    "type, retry",
    "Unknown fields",
    "Success",
    "Over limits",
  ],
  "current, Tokens": [
    "Publishers present a token",
    "Mechanisms",
    "l.1648-1660: Cookie",
    "l.636-661: JWT header",
    "Keys bound to issuers",
    "exp, nbf, aud",
    "Issuer side",
    "authorization_details",
    "Publish: every topic must be granted",
    "Read private",
    "Close the stream no later than exp",
  ],
  "current, Errors": [
    "No token but needed",
    "Token presented but bad",
    "Valid token, not allowed",
    "Malformed token presentation",
  ],
  "current, Resume": [
    "Accept Last-Event-ID",
    "l.951-968: Mercure-Last-Event-ID",
    "earliest, duplicate ids",
    "Re-check authorisation of every replayed private event",
    "Expose the header, tell the gap",
  ],
  "current, Active subscriptions": [
    "On every subscription create/terminate",
    "{subscriber}",
    "payload",
    "API",
    "Content-Type",
    "Every API response",
  ],
  "current, Discovery": ["Metadata", "Publisher Link", "JWE", "Unstable names"],
  older: [
    "Hub path",
    "Subscribe",
    "Token precedence",
    "Cookie on POST",
    "Claims",
    "Publish allowed",
    "Private update delivered",
    "Publish fields",
    "Success",
    "Failure status",
    "Resume",
    "Response header Last-Event-ID",
    "Close at exp",
    "SSE bytes",
    "CORS",
    "Link attributes",
    "Subscription events",
    "Subscriptions API",
    "Dual-mode rule",
  ],
  "push-stream, URL scheme": ["Paths", "Path of channels", "Control parameters", "Mode header"],
  "push-stream, Publish": ["Body", "Answer", "Errors", "Who may"],
  "push-stream, Message template": ["Words", "Ids and stamps", "Special ids", "The client's template"],
  "push-stream, Stream": ["Header, messages and pings"],
  "push-stream, SSE": ["Bytes"],
  "push-stream, WebSocket": ["Handshake", "Frames", "Publishing"],
  "push-stream, Resume": ["Order per channel", "Sources", "Rule"],
  "push-stream, Long poll": ["Stored messages, or hold", "Headers", "Timeout", "JSONP", "CORS"],
  "push-stream, Statistics": ["One, some, all", "Accept"],
} as const;

type Boxes = typeof boxes;

/** Declares the tests of one entry of {@link boxes}; the entry is called a box. */
export function box<Heading extends keyof Boxes>(
  heading: Heading,
  name: Boxes[Heading][number],
  clauses: () => void,
): void {
  describe(`${heading}, ${name}`, () => {
    clauses();
  });
}

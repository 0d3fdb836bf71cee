import { notModifiedReply } from "../../gateway/http/replies.js";
import type { Grants } from "../../auth/grants/grants.js";
import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import { matchesFilter } from "../../hub/filters/filter.js";
import type { History } from "../../hub/publications/history.js";
import { parseHubTopic } from "../../hub/topics/topic.js";
import type { ActiveSubscriptions } from "../../presence/active-subscriptions.js";
import { subscriptionPath, subscriptionsTopic } from "../../presence/documents.js";
import { mercurePath } from "../../protocol.js";
import { parseForm } from "../../gateway/http/form.js";
import type { GatewayRequest, Headers, Reply } from "../../gateway/http/messages.js";
import type { Resource } from "../../gateway/http/resource.js";
import { SubscriptionViews } from "./subscription-views.js";
import type { Form, SubscriptionListLimits } from "./subscription-views.js";
import type { Authenticator } from "../../gateway/access/authenticator.js";
import { foreignNote } from "../../gateway/access/credentials.js";

export interface SubscriptionsOptions {
  readonly authenticator: Authenticator;
  readonly active: ActiveSubscriptions;
  readonly history: Pick<History, "head" | "idAt">;
  /** Read at each use. */
  readonly limits: SubscriptionListLimits;
}

/**
 * Serves the active subscriptions [draft-dunglas-mercure-08 and -07, Subscription API]: all subscriptions, the
 * subscriptions of one matcher, or one subscription. The response names a position; presence events after this
 * position report the changes. The form of the response, current or older, is the form of the token. The token must
 * grant the right to subscribe to the request's path, as if the path were a topic.
 */
export function subscriptions({ authenticator, active, history, limits }: SubscriptionsOptions): Resource {
  const views = new SubscriptionViews(active, limits);
  const get = async (request: GatewayRequest): Promise<Reply> => {
    const grants = await authenticator.subscriber(request, parseForm(request.query));
    if (grants === undefined)
      throw new PharosError("unauthorized", `this request needs a token${foreignNote(request)}`);
    const segments = segmentsOf(request.path);
    checkScope(grants, subscriptionPath(segments));
    const position = history.head === 0 ? "earliest" : history.idAt(history.head);
    const headers = headersOf(grants.form, position);
    // The hub checks the rights before this line: even the existence of a subscription is secret.
    const body = views.read(grants.form, segments, position);
    return isKnown(request, position) ? notModified(headers) : reply(headers, body);
  };
  return { path: subscriptionsTopic, below: true, methods: { GET: get } };
}

/**
 * Decodes the segments of a path.
 *
 * @throws PharosError `bad-request` for a malformed percent escape
 */
function segmentsOf(path: string): readonly string[] {
  try {
    return path.slice(subscriptionsTopic.length).split("/").slice(1).map(decodeURIComponent);
  } catch (error) {
    throw new PharosError(
      "bad-request",
      `the path ${quoteValue(path)} holds a malformed percent escape or invalid UTF-8`,
      { cause: error },
    );
  }
}

function checkScope({ subscribe }: Grants, path: string): void {
  const topic = parseHubTopic(path, Number.POSITIVE_INFINITY);
  if (subscribe.some((filter) => matchesFilter(filter, topic))) return;
  throw new PharosError("insufficient-scope", "the token grants no access to these subscriptions", {
    reason: `it does not grant subscribe for ${JSON.stringify(path)}`,
  });
}

/** The headers of a response. In the older form, the position in `ETag` has no quotes. */
function headersOf(form: Form, position: string): Headers {
  const isOlder = form === "older";
  const type = isOlder ? "application/ld+json" : "application/json";
  const attributes = isOlder ? "" : '; type="mercure"; content-type="application/json"';
  return [
    ["Content-Type", type],
    ["Cache-Control", "private, no-cache, must-revalidate"],
    ["Vary", "Authorization, Cookie"],
    ["X-Content-Type-Options", "nosniff"],
    ["ETag", isOlder ? position : `"${position}"`],
    ["Link", `<${mercurePath}>; rel="mercure"; last-event-id="${position}"${attributes}`],
  ];
}

/** True if the client already has the response for this position, or sends `*` [RFC 9110 13.1.2]. */
function isKnown(request: GatewayRequest, position: string): boolean {
  const tags = (request.header("if-none-match") ?? "").split(",").map((tag) => tag.trim());
  if (tags.length === 1 && tags[0] === "*") return true;
  return tags.some((tag) => [position, `"${position}"`, `W/"${position}"`].includes(tag));
}

function notModified(headers: Headers): Reply {
  const kept = headers.filter(([name]) => name !== "Content-Type");
  return notModifiedReply(kept);
}

function reply(headers: Headers, body: Buffer): Reply {
  return { kind: "reply", status: 200, headers, contentLength: body.length, body };
}

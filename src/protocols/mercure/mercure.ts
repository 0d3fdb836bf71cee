import { mercurePath, protectedResourcePath } from "../../protocol.js";
import { mercureCookies } from "../../gateway/access/credentials.js";
import { mercurePublish } from "./publish.js";
import { mercureSubscribe } from "./subscribe.js";
import type { MercureSubscribeOptions } from "./subscribe.js";
import type { PublishOnce } from "../../gateway/publishing/publish-once.js";
import type { Publisher } from "../../gateway/publishing/publisher.js";
import { jsonReply } from "../../gateway/http/replies.js";
import type { Resource } from "../../gateway/http/resource.js";
import { subscriptions } from "./subscriptions.js";
import type { SubscriptionsOptions } from "./subscriptions.js";

export interface MercureAccess {
  /** The issuers whose tokens the hub accepts. */
  readonly issuers: readonly string[];
  /** The name of the cookie with a token. @default the cookie of the current form */
  readonly cookieName?: string | undefined;
}

export interface MercureOptions extends MercureSubscribeOptions {
  readonly publishing: Publisher;
  readonly once: PublishOnce;
  /** The settings of tokens that the metadata has. Read at each use. */
  readonly access: MercureAccess;
  /** The active subscriptions to serve. @default none */
  readonly subscriptions?: Omit<SubscriptionsOptions, "authenticator" | "history"> | undefined;
}

/**
 * The resources of the Mercure protocol, and the metadata of the hub [RFC 9728; draft-dunglas-mercure-08, metadata].
 */
export function mercure(options: MercureOptions): readonly Resource[] {
  const subscribe = mercureSubscribe(options);
  const { subscriptions: active } = options;
  return [
    {
      path: mercurePath,
      opensStreams: true,
      methods: { GET: subscribe, QUERY: subscribe, POST: mercurePublish(options.publishing, options.once) },
    },
    ...(active === undefined ? [] : [subscriptions({ ...options, ...active })]),
    { path: protectedResourcePath, methods: { GET: () => jsonReply(200, metadata(options)) } },
  ];
}

function metadata({
  hubUrl,
  access,
  subscriptions: active,
}: MercureOptions): Readonly<Record<string, unknown>> {
  const { issuers, cookieName = mercureCookies[0] } = access;
  return {
    resource: hubUrl,
    ...(issuers.length === 0 ? {} : { authorization_servers: issuers }),
    authorization_details_types_supported: ["https://mercure.rocks/authorization-detail"],
    bearer_methods_supported: ["header"],
    mercure_cookie: cookieName,
    mercure_matcher_types_supported: ["exact", "urlpattern", "mqtt"],
    mercure_subscriptions: active !== undefined,
  };
}

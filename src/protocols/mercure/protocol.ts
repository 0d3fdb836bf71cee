import type { Protocol, ProtocolPorts } from "../../gateway/protocol.js";
import {
  mercureEventsOnlyFormat,
  mercureFormat,
  olderMercureEventsOnlyFormat,
  olderMercureFormat,
} from "./formats.js";
import { mercure } from "./mercure.js";

/** The Mercure protocol [draft-dunglas-mercure-08], and its older form [draft-dunglas-mercure-07]. */
export const mercureProtocol: Protocol = Object.freeze({
  name: "mercure",
  formats: [mercureFormat, mercureEventsOnlyFormat, olderMercureFormat, olderMercureEventsOnlyFormat],
  resources: ({ config, subscriptions: active, ...ports }: ProtocolPorts) =>
    mercure({
      ...ports,
      hubUrl: config.current.publicUrl,
      access: config.derive(({ cookieName, tokens }) => ({
        cookieName,
        issuers: tokens.flatMap(({ issuer = [] }) => issuer),
      })),
      subscriptions: active && { active, limits: config.derive(({ limits }) => limits) },
    }),
});

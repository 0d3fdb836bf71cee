import { z } from "zod";

import {
  controlEndpoint,
  corsOrigin,
  httpAddress,
  ingestEndpoint,
  mongrel2Specs,
  onOrOff,
  publicUrl,
  publishOrigin,
  pushStreamPaths,
} from "./addresses.js";
import { adminToken, checkAdmin } from "./admin.js";
import { logLevels } from "../base/log.js";
import { limitsSchema } from "./limits.js";
import { network } from "./network.js";
import { checkOpaqueIds } from "./opaque-ids.js";
import { seconds, wholeNumber } from "./number.js";
import { tokenSettings } from "./tokens.js";

const levelsAllowed = `one of ${logLevels.join(", ")}`;
const keyFileAllowed = "the path of a file that pharos keys has made";
const stateDirAllowed = "the path of a folder, or off";

/**
 * All settings, in the form that the JSON file gives them. Options and environment are brought into the same
 * form first, so this is the one validator. The text of an issue is what is allowed there.
 */
export const configSchema = z
  .strictObject({
    $schema: z.string().optional().describe("Where this schema is, for editors. Has no effect."),
    http: httpAddress
      .prefault("127.0.0.1:8080")
      .describe("Where the built-in HTTP front listens, or off. Port 0 takes a free one."),
    workers: wholeNumber({ from: 0, to: 256 })
      .default(0)
      .describe(
        "Processes that hold the connections of the HTTP front, for more than one may; 0: the hub's own process does.",
      ),
    mongrel2: list(mongrel2Specs)
      .prefault([])
      .describe(
        "A Mongrel2 server to serve behind: its send, receive and control specs. May be given again.",
      ),
    ingest: list(ingestEndpoint)
      .prefault(["@tcp://127.0.0.1:9997"])
      .describe("A ZeroMQ endpoint to take publications from: @ binds, > connects. May be given again."),
    ingestCurve: z
      .string({ error: keyFileAllowed })
      .min(1, keyFileAllowed)
      .optional()
      .describe(
        "CURVE keys with which publishers of other machines are let in; without it no ingest endpoint may be bound beyond loopback.",
      ),
    control: controlEndpoint
      .optional()
      .describe("An ipc endpoint on which the message shutdown stops the hub in order."),
    beaconSeconds: seconds({ from: 0.01, to: 86_400 })
      .optional()
      .describe("Publish the time every so many seconds; 5 when no number is given."),
    admin: httpAddress
      .optional()
      .describe(
        "Where /metrics and /stats are served, or off. 127.0.0.1:8081 by default, and then a port that is taken is no failure.",
      ),
    adminToken: adminToken
      .optional()
      .describe(
        "Whoever presents it may read metrics and status from anywhere; without it programs on this machine may.",
      ),
    trustedProxies: list(network)
      .prefault([])
      .describe(
        "A proxy, or a network of them, whose x-forwarded-for is believed. May be given again. None by default.",
      ),
    corsOrigins: list(corsOrigin)
      .prefault([])
      .describe("An origin whose pages may read streams from here. May be given again. None by default."),
    publicUrl: publicUrl
      .optional()
      .describe(
        "The hub's own URL as clients know it: the audience of tokens, and the base of relative topics. The HTTP front's address by default.",
      ),
    anonymous: onOrOff
      .prefault("on")
      .describe("Whether streams of what is not private need no token: on or off."),
    open: onOrOff
      .prefault("off")
      .describe(
        "Whether programs of this machine may publish over HTTP without a token: on or off. Never behind Mongrel2 or a proxy.",
      ),
    opaqueIds: onOrOff
      .prefault("off")
      .describe(
        "Whether positions hide how many publications there have been, private ones included: on or off. Not beside --push-stream.",
      ),
    compress: onOrOff
      .prefault("on")
      .describe(
        "Whether streams of clients that accept gzip are compressed, once for all who get the same: on or off. Those with a token are not.",
      ),
    compressPrivate: onOrOff
      .prefault("off")
      .describe(
        "Whether streams with a token are compressed too: on or off. Their length can then tell a secret to who can publish beside it.",
      ),
    subscriptions: onOrOff
      .prefault("off")
      .describe(
        "Whether tokens can give the right to see who is subscribed to what, and to be told who comes and goes: on or off.",
      ),
    pushStream: pushStreamPaths
      .prefault("off")
      .describe(
        "Serve the URL scheme of the nginx push stream module below this path, or not: off. Without a path below /.",
      ),
    publishOrigins: list(publishOrigin)
      .prefault([])
      .describe(
        "An origin whose pages may publish with a cookie: exact, with one * for part of its host or for its port, or * for all. May be given again. None by default.",
      ),
    ...tokenSettings,
    targets: wholeNumber({ from: 1, to: 128 })
      .default(128)
      .describe(
        "The most clients in one message to Mongrel2, whose own limit (limits.handler_targets) is 128.",
      ),
    keepAliveSeconds: seconds({ from: 0, to: 3600 })
      .default(15)
      .describe(
        "Seconds between two keep-alive messages to Mongrel2, whose reaper cuts quiet streams; 0 sends none.",
      ),
    heartbeatSeconds: seconds({ from: 0.05, to: 3600 })
      .default(15)
      .describe("Seconds of silence after which a stream gets a heartbeat."),
    retryMs: wholeNumber({ from: 100, to: 3_600_000 })
      .default(5000)
      .describe("Milliseconds that browsers wait before they reconnect."),
    stateDir: z
      .string({ error: stateDirAllowed })
      .min(1, stateDirAllowed)
      .optional()
      .describe(
        "The folder that remembers open streams, so that a restart can free them; off keeps none. $XDG_STATE_HOME/pharos by default, or ~/.local/state/pharos.",
      ),
    logLevel: z
      .enum(logLevels, { error: levelsAllowed })
      .default("info")
      .describe(`The least severe log line to write: ${levelsAllowed}.`),
    limits: limitsSchema,
  })
  .superRefine(checkAdmin)
  .superRefine(checkOpaqueIds);

/** What {@link configSchema} makes of a settings file. */
export type ParsedSettings = z.output<typeof configSchema>;

/** The published JSON schema of the settings file. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(configSchema, { io: "input", target: "draft-2020-12" });
  return { ...schema, title: "Pharos settings" };
}

function list<Item extends z.ZodType>(item: Item): z.ZodArray<Item> {
  return z.array(item, { error: "a list" });
}

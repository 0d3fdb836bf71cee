import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { healthResource, probeResources } from "../../../src/protocols/pharos/health.js";
import { WebSocketOrigins } from "../../../src/gateway/access/websocket-origins.js";
import { historyResource } from "../../../src/protocols/pharos/history/history-resource.js";
import { disconnectResource } from "../../../src/protocols/pharos/control/disconnect.js";
import { revokeResource } from "../../../src/protocols/pharos/control/revoke.js";
import { pollResource } from "../../../src/protocols/pharos/poll.js";
import type { PollAdmission } from "../../../src/gateway/streams/poll-admission.js";
import { Publisher } from "../../../src/gateway/publishing/publisher.js";
import { Authenticator } from "../../../src/gateway/access/authenticator.js";
import type { Resource } from "../../../src/gateway/http/resource.js";
import { statuses as errorStatuses } from "../../../src/gateway/refusals/refuse.js";
import { webSocketResource } from "../../../src/protocols/pharos/websocket.js";
import { defaultPublicationLimits } from "../../../src/limits/publications.js";
import { PushStreamWorld } from "../push-stream-world.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { MercureWorld } from "../mercure/mercure-world.js";

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags?: readonly string[];
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

const file = new URL("../../../html/openapi.json", import.meta.url);
const description: unknown = JSON.parse(readFileSync(file, "utf8"));

/** The value at a pointer into the description [RFC 6901]. */
function at(pointer: string): unknown {
  const names = pointer.replace("#/", "").split("/");
  return names.reduce((value, name) => (value as Readonly<Record<string, unknown>>)[name], description);
}

/** The value with all references resolved, and without the parameters that all methods of a path share. */
function resolved(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("$ref" in value) return resolved(at(String(value.$ref)));
  if (Array.isArray(value)) return value.map(resolved);
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => (name === "parameters" ? [] : [[name, resolved(each)]])),
  );
}

const paths = resolved(at("#/paths")) as Paths;

/** The tests of this file do not poll. */
const polling: Pick<PollAdmission, "poll"> = { poll: () => Promise.reject(new Error("nobody polls")) };

const authenticator = new Authenticator({ verifier: undefined, anonymous: true, publishOrigins: [] });
const clock = new VirtualClock();

const publishing = new Publisher({
  authenticator,
  begin: () => {
    throw new Error("nobody publishes");
  },
  room: () => undefined,
  limits: defaultPublicationLimits,
  open: false,
  clock,
});

const resources: readonly Resource[] = [
  healthResource(() => ({ journal: "up" })),
  ...probeResources(() => ({ status: "ok" })),
  pollResource({ streams: { filtersPerConnection: 1, filterBytes: 64 }, authenticator, polling }),
  revokeResource({
    publishing,
    revocations: { revoke: () => Promise.resolve(0) },
    settings: { revocationSeconds: 60, leewaySeconds: 0 },
    clock,
  }),
  disconnectResource({ publishing, disconnects: { disconnect: () => Promise.resolve(0) } }),
  historyResource({
    streams: { filtersPerConnection: 1, filterBytes: 64 },
    authenticator,
    history: new MercureWorld().journal.history,
    retainedOf: () => undefined,
    readersOf: () => 0,
    clock,
  }),
  webSocketResource({
    streams: { retryMs: () => 1, heartbeatMs: 1, filtersPerConnection: 1, filterBytes: 64 },
    authenticator,
    publishing,
    origins: new WebSocketOrigins({ hubUrl: "http://hub.example", corsOrigins: [] }),
  }),
  ...new MercureWorld({ subscriptions: true }).gateway.resources,
];

const pushStreamResources = new PushStreamWorld().gateway.resources;

/**
 * The paths of the push stream module's URL scheme. If a resource has paths below its own path, these paths are the
 * channels.
 */
const pushStreamPaths = new Map(
  pushStreamResources.map((resource) => [
    resource.below === true ? `${resource.path}/{channels}` : resource.path,
    resource,
  ]),
);

/** OpenAPI 3.1 has no field for QUERY. */
const methodsOf = ({ methods }: Resource): readonly string[] =>
  Object.keys(methods)
    .filter((method) => method !== "QUERY")
    .map((method) => method.toLowerCase())
    .toSorted();

/** The described paths of a resource: its own path, and the paths with parameters below this path. */
function describedOf({ path, below }: Resource): readonly string[] {
  return Object.keys(paths).filter(
    (each) => each === path || (below === true && each.startsWith(`${path}/{`)),
  );
}

test.each([...pushStreamPaths])("openapi.json has the methods of %s", (path, resource) => {
  expect(Object.keys(paths[path] ?? {}).toSorted()).toEqual(methodsOf(resource).toSorted());
});

test("openapi.json has every resource with its methods, and nothing else", () => {
  const described = [...resources.flatMap(describedOf), ...pushStreamPaths.keys()];
  expect(described.toSorted()).toEqual(Object.keys(paths).toSorted());
  for (const resource of resources) {
    const described = describedOf(resource);
    expect(described).toContain(resource.path);
    expect({ path: resource.path, isBelow: described.length > 1 }).toEqual({
      path: resource.path,
      isBelow: resource.below === true,
    });
    for (const path of described)
      expect({ path, methods: Object.keys(paths[path] ?? {}).toSorted() }).toEqual({
        path,
        methods: methodsOf(resource),
      });
  }
});

/**
 * The lists omit 405, 413, 431 and 500, because every method can answer with these. The description has these statuses
 * once.
 */
const anyRequest = [400, 401, 429];
const stream = [200, ...anyRequest, 503];
const subscriptionList = [200, 304, ...anyRequest, 403, 503];
const publishes = [200, ...anyRequest, 403, 413, 503];

const deletes = [200, ...anyRequest, 403, 404, 503];
const webSocket = [101, ...anyRequest, 403, 426, 503];
/** In the push stream module's scheme, too many channels and reserved names get 403 too. */
const channelStream = [...stream, 304, 403];
const channelInfo = [200, ...anyRequest, 403, 404, 503];

/** All statuses of a method, by its purpose. */
const statuses: Readonly<Record<string, readonly number[]>> = {
  "get /esupdates": stream,
  "post /disconnect": [...publishes, 415],
  "post /revoke": [...publishes, 415],
  "get /poll": stream,
  "get /ws": webSocket,
  "get /.well-known/mercure": stream,
  "post /.well-known/mercure": [...publishes, 415],
  "get /.well-known/mercure/subscriptions": subscriptionList,
  // In the older form, the path of one subscription has the same number of segments.
  "get /.well-known/mercure/subscriptions/{match_type}/{match}": [...subscriptionList, 404],
  "get /.well-known/mercure/subscriptions/{match_type}/{match}/{subscriber}": [
    200,
    304,
    ...anyRequest,
    403,
    404,
  ],
  "get /.well-known/oauth-protected-resource/.well-known/mercure": [200, 429],
  // The hub does not limit requests for `/healthz`.
  "get /healthz": [200],
  "get /livez": [200],
  "get /readyz": [200, 503],
  "post /publish": [...publishes, 415],
  "get /history": [200, ...anyRequest],
  "get /history/{topic}": [200, ...anyRequest],
  // Data may be any text.
  "post /publish/{topic}": publishes,
  "delete /publish": deletes,
  "delete /publish/{topic}": deletes,
  "get /channels-stats": channelInfo,
  "get /events/stats/{channels}": channelInfo,
  ...forEach(["/pub", "/events/pub/{channels}"], (path) => ({
    [`get ${path}`]: channelInfo,
    [`post ${path}`]: publishes,
    [`put ${path}`]: publishes,
    [`delete ${path}`]: [...channelInfo, 413],
  })),
  ...forEach(["", "/events"], (beginning) => ({
    [`get ${beginning}/sub/{channels}`]: channelStream,
    [`get ${beginning}/ev/{channels}`]: channelStream,
    [`get ${beginning}/lp/{channels}`]: channelStream,
    [`get ${beginning}/jsonp/{channels}`]: channelStream,
    [`get ${beginning}/ws/{channels}`]: webSocket,
  })),
};

function forEach(
  texts: readonly string[],
  statusesOf: (text: string) => Readonly<Record<string, readonly number[]>>,
): Readonly<Record<string, readonly number[]>> {
  return Object.assign({}, ...texts.map(statusesOf)) as Readonly<Record<string, readonly number[]>>;
}

test("openapi.json names every status that a method can answer with, and no other", () => {
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses }]) => [
      `${method} ${path}`,
      Object.keys(responses).map(Number),
    ]),
  );
  const sorted = (numbers: readonly number[]): readonly number[] => numbers.toSorted((a, b) => a - b);
  expect(Object.fromEntries(described)).toEqual(
    Object.fromEntries(Object.entries(statuses).map(([operation, numbers]) => [operation, sorted(numbers)])),
  );
});

test.each(Object.values(paths).flatMap((methods) => Object.values(methods)))(
  "a refusal of “$summary” has a status that refusals have, and is a problem, but for a channel that nobody knows",
  ({ responses, tags = [], operationId }) => {
    // Not a refusal: the hub says that it is not ready.
    if (operationId === "ready") return;
    const refusals = Object.entries(responses).filter(([status]) => Number(status) >= 400);
    for (const [status, { content }] of refusals) {
      expect(Object.values(errorStatuses)).toContain(Number(status));
      const isUnknownChannel = status === "404" && tags.includes("push stream");
      expect(Object.keys(content ?? {})).toEqual(isUnknownChannel ? [] : ["application/problem+json"]);
    }
  },
);

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { health } from "../../src/gateway/health.js";
import { poll } from "../../src/gateway/poll.js";
import type { Polling } from "../../src/gateway/poll.js";
import { Visitors } from "../../src/gateway/visitors.js";
import type { Resource } from "../../src/gateway/resource.js";
import { statusOf } from "../../src/gateway/replies.js";
import { MercureWorld } from "./mercure-world.js";

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const file = new URL("../../html/openapi.json", import.meta.url);
const { paths } = JSON.parse(readFileSync(file, "utf8")) as Description;

/** Nobody is asked here. */
const polling: Polling = {
  next: () => Promise.reject(new Error("nobody polls")),
  admit: () => () => undefined,
  clock: { now: () => 0 },
};

const resources: readonly Resource[] = [
  health(() => ({})),
  poll({
    streams: { filtersPerConnection: 1, filterBytes: 64 },
    visitors: new Visitors({ verifier: undefined, anonymous: true, publishOrigins: [] }),
    polling,
  }),
  ...new MercureWorld({ subscriptions: true }).gateway.resources,
];

/** OpenAPI 3.1 has no word for QUERY. */
const methodsOf = ({ methods }: Resource): readonly string[] =>
  Object.keys(methods)
    .filter((method) => method !== "QUERY")
    .map((method) => method.toLowerCase())
    .toSorted();

/** The paths that are described in a resource's name: its own, and those with parameters below it. */
function describedOf({ path, below }: Resource): readonly string[] {
  return Object.keys(paths).filter(
    (each) => each === path || (below === true && each.startsWith(`${path}/{`)),
  );
}

test("openapi.json has every resource with its methods, and nothing else", () => {
  expect(resources.flatMap(describedOf).toSorted()).toEqual(Object.keys(paths).toSorted());
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

/** Beside 405, 413, 431 and 500, which may come from anywhere and are told once, in the description. */
const asksAnything = [400, 401, 429];
const stream = [200, ...asksAnything, 503];
const subscriptionList = [200, 304, ...asksAnything, 403, 503];
const publishing = [200, ...asksAnything, 403, 413, 503];

/** Every status that a method can answer with, by what it does. */
const statuses: Readonly<Record<string, readonly number[]>> = {
  "get /esupdates": stream,
  "get /poll": stream,
  "get /.well-known/mercure": stream,
  "post /.well-known/mercure": [...publishing, 415],
  "get /.well-known/mercure/subscriptions": subscriptionList,
  // The older form's path of one subscription has as many segments.
  "get /.well-known/mercure/subscriptions/{match_type}/{match}": [...subscriptionList, 404],
  "get /.well-known/mercure/subscriptions/{match_type}/{match}/{subscriber}": [
    200,
    304,
    ...asksAnything,
    403,
    404,
  ],
  "get /.well-known/oauth-protected-resource/.well-known/mercure": [200, 429],
  // Nobody counts how often it is asked.
  "get /healthz": [200],
  "post /publish": [...publishing, 415],
  // Any text may be data.
  "post /publish/{topic}": publishing,
};

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
  "a refusal of $operationId has a status that refusals have, and is a problem",
  ({ responses }) => {
    const refusals = Object.entries(responses).filter(([status]) => Number(status) >= 400);
    for (const [status, { content }] of refusals) {
      expect(Object.values(statusOf)).toContain(Number(status));
      expect(Object.keys(content ?? {})).toEqual(["application/problem+json"]);
    }
  },
);

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { health } from "../../src/gateway/health.js";
import { eventStreams } from "../../src/gateway/event-streams.js";
import type { Resource } from "../../src/gateway/resource.js";
import { statusOf } from "../../src/gateway/replies.js";
import { Visitors } from "../../src/gateway/visitors.js";
import { MercureWorld } from "./mercure-world.js";

interface Operation {
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const file = new URL("../../html/openapi.json", import.meta.url);
const { paths } = JSON.parse(readFileSync(file, "utf8")) as Description;

const streams = { retryMs: 5000, filtersPerConnection: 1, filterBytes: 100 };
const visitors = new Visitors({ verifier: undefined, anonymous: true, publishOrigins: [] });
const resources: readonly Resource[] = [
  eventStreams({ streams, visitors }),
  health(() => ({})),
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

test("openapi.json names only statuses that refusals have", () => {
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  const statuses = new Set(operations.flatMap(({ responses }) => Object.keys(responses)));
  expect(
    [...statuses].filter(
      (status) => !["200", "304"].includes(status) && !Object.values(statusOf).includes(Number(status)),
    ),
  ).toEqual([]);
});

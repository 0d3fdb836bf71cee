import { hostname } from "node:os";
import { expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.js";
import { nameOfNode } from "../../src/config/name-of-node.js";

function nameOf(environment: Readonly<Record<string, string>>): string {
  return nameOfNode(loadConfig({ environment }));
}

it.each([
  [{ PHAROS_NODE: "hub 1", PHAROS_HTTP: "8080" }, "hub 1"],
  [{ PHAROS_HTTP: "10.0.0.1:8085" }, `${hostname()}:8085`],
  [{ PHAROS_HTTP: "0" }, hostname()],
  [{ PHAROS_HTTP: "off" }, hostname()],
])("names a hub with %j", (environment, name) => {
  expect(nameOf({ ...environment })).toBe(name);
});

it.each(["a\nb", "x".repeat(101)])("refuses the name %j", (name) => {
  expect(() => nameOf({ PHAROS_NODE: name })).toThrow(/1 to 100 characters without control characters/);
});

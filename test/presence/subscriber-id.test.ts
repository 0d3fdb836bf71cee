import { expect, it } from "vitest";
import { nodeNamed } from "./subscriber-names.js";
import { createSubscriberId, nodeOfSubscriber } from "../../src/presence/subscriber-id.js";

it("names the hub in the id of a subscriber, which is a UUID of version 8", () => {
  const node = nodeNamed(0x0123456789ab);
  const ids = Array.from({ length: 1000 }, () => createSubscriberId(node));
  const form = /^urn:uuid:01234567-89ab-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  expect(ids.filter((id) => !form.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(1000);
  expect(new Set(ids.map(nodeOfSubscriber))).toEqual(new Set([node]));
});

it.each([
  ["a UUID of another version", "urn:uuid:01234567-89ab-4cde-8000-000000000000"],
  ["another variant", "urn:uuid:01234567-89ab-8cde-7000-000000000000"],
  ["capital letters", "urn:uuid:01234567-89AB-8cde-8000-000000000000"],
  ["text behind", "urn:uuid:01234567-89ab-8cde-8000-000000000000 "],
  ["no UUID", "news"],
])("finds no hub in another id: %s", (_, id) => {
  expect(nodeOfSubscriber(id)).toBeUndefined();
});

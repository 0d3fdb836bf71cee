import { expect, it } from "vitest";
import { ActiveSubscriptions } from "../../src/presence/active-subscriptions.js";
import { describeSubscription } from "../../src/presence/documents.js";
import type { SubscriptionDocument } from "../../src/presence/documents.js";
import { nodeNamed } from "./subscriber-names.js";
import { subscriberNamed } from "./watchers.js";

function documentOf(name: string, text: string, payload?: unknown): SubscriptionDocument {
  const subscriber = { ...subscriberNamed(name), payloadFor: () => payload };
  return describeSubscription({ subscriber, matcher: { type: "exact", text } }, true);
}

it("holds memory for each subscription, and gives all of it back", () => {
  const list = new ActiveSubscriptions();
  const [first, second] = [nodeNamed(1), nodeNamed(2)];
  const documents = [documentOf("a", "news"), documentOf("b", "news"), documentOf("c", "sport", { of: "x" })];
  for (const document of documents) list.add(document, first);
  list.add(documentOf("d", "news"), second);
  const held = list.bytes;
  expect(held).toBeGreaterThan(4 * 400);
  list.add(documentOf("d", "news"), second);
  expect([list.bytes, list.size]).toEqual([held, 4]);
  expect([...list.of("news")].map(({ document }) => document.match)).toEqual(["news", "news", "news"]);
  for (const { document } of list.ofNode(first)) list.remove(document.id);
  expect([...list.nodes()]).toEqual([second]);
  list.remove("unknown");
  for (const { document } of list.all()) list.remove(document.id);
  expect([list.bytes, list.size, [...list.nodes()], [...list.of("news")]]).toEqual([0, 0, [], []]);
});

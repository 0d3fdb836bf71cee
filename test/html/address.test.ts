import { constantFrom, property, assert as assertProperty, record, string, uniqueArray } from "fast-check";
import { expect, test } from "vitest";

import { importPageModule } from "./modules.js";

interface Chosen {
  readonly topics: readonly string[];
  readonly transport: string;
  readonly view: string | undefined;
  readonly history: string;
  readonly search: string;
  readonly event: string;
}

interface AddressModule {
  readonly views: readonly string[];
  parseHash(hash: string): Chosen;
  encodeHash(chosen: Chosen): string;
}

const page = await importPageModule<AddressModule>("address.js");
const text = string({ unit: "grapheme", maxLength: 8 }).map((value) => value.toWellFormed());

test("the hash of the console holds every choice", () => {
  const chosen = record({
    topics: uniqueArray(
      text.filter((value) => value !== ""),
      { maxLength: 4 },
    ),
    transport: constantFrom("auto", "event-stream", "websocket", "poll"),
    view: constantFrom(undefined, ...page.views),
    history: text,
    search: text,
    event: text,
  });
  assertProperty(
    property(chosen, (each) => {
      const hash = page.encodeHash(each);
      expect(hash).toMatch(/^[\w%.!~*()&=-]*$/);
      expect(page.parseHash(`#${hash}`)).toEqual(each);
    }),
  );
});

test("an unknown view or transport in the hash counts as none", () => {
  expect(page.parseHash("#view=x&transport=y&event=%")).toEqual({
    topics: [],
    transport: "auto",
    view: undefined,
    history: "",
    search: "",
    event: "%",
  });
});

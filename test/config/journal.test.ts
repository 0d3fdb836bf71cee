import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { journalPlace } from "../../src/config/values/journal.js";

describe("the place of the journal", () => {
  it.each([
    ["memory", { kind: "memory" }],
    ["disk:/var/lib/pharos", { kind: "disk", dir: "/var/lib/pharos", orMemory: false }],
    ["disk-or-memory:/var/lib/pharos", { kind: "disk", dir: "/var/lib/pharos", orMemory: true }],
    ["disk:journal:1", { kind: "disk", dir: resolve("journal:1"), orMemory: false }],
    ["disk:..", { kind: "disk", dir: resolve(".."), orMemory: false }],
  ])("is read from %s", (text, place) => {
    expect(journalPlace.parse(text)).toEqual(place);
  });

  it.each(["", "disk", "disk:", "Disk:/a", "file:/a", "memory:", " memory", "disk-or-memory:", "/var/lib"])(
    "refuses %j and says what is allowed",
    (text) => {
      const { error } = journalPlace.safeParse(text);
      expect(error?.issues.map(({ message }) => message)).toEqual([
        "memory, disk:DIR or disk-or-memory:DIR with the path of a folder, for instance disk:/var/lib/pharos/journal",
      ]);
    },
  );
});

import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.js";
import { journalPlace } from "../../src/config/values/journal.js";

describe("the place of the journal", () => {
  it.each([
    ["memory", { kind: "memory" }],
    ["disk:/var/lib/pharos", { kind: "disk", dir: "/var/lib/pharos", orMemory: false }],
    ["disk-or-memory:/var/lib/pharos", { kind: "disk", dir: "/var/lib/pharos", orMemory: true }],
    ["disk:journal:1", { kind: "disk", dir: resolve("journal:1"), orMemory: false }],
    ["disk:..", { kind: "disk", dir: resolve(".."), orMemory: false }],
    ["nats://n1/hub", { kind: "nats", servers: ["n1"], name: "hub" }],
    [
      "nats://n1.example.org:4222,10.0.0.2,[::1]:4223/hub_A-1",
      { kind: "nats", servers: ["n1.example.org:4222", "10.0.0.2", "[::1]:4223"], name: "hub_A-1" },
    ],
  ])("is read from %s", (text, place) => {
    expect(journalPlace.parse(text)).toEqual(place);
  });

  it.each([
    "",
    "disk",
    "disk:",
    "Disk:/a",
    "file:/a",
    "memory:",
    " memory",
    "disk-or-memory:",
    "/var/lib",
    "nats://",
    "nats://n1",
    "nats://n1/",
    "nats://n1:0/hub",
    "nats://n1:65536/hub",
    "nats://n2,n1:99999/hub",
    "nats:///hub",
    "nats://n1/a.b",
    "nats://n1,/hub",
    "nats://user:pass@n1/hub",
    "nats://n1/hub/more",
    "tls://n1/hub",
  ])("refuses %j and says what is allowed", (text) => {
    const { error } = journalPlace.safeParse(text);
    expect(error?.issues.map(({ message }) => message)).toEqual([
      "memory, disk:DIR or disk-or-memory:DIR with the path of a folder, for instance disk:/var/lib/pharos/journal, or nats://HOST[:PORT][,HOST...]/NAME with ports from 1 to 65535 and the name of a stream: 1 to 64 letters, digits, _ and -",
    ]);
  });
});

describe("the files for a connection to NATS", () => {
  const files = [
    ["journal-credentials", "/hub.creds"],
    ["journal-ca", "/ca.pem"],
  ] as const;

  it.each(["memory", "disk:/var/lib/pharos"])("are refused with --journal %s", (journal) => {
    for (const [name, file] of files)
      expect(() =>
        loadConfig({
          options: new Map([
            ["journal", journal],
            [name, file],
          ]),
        }),
      ).toThrow("allowed: not set, unless --journal is nats://HOST/NAME");
  });

  it("are accepted with NATS", () => {
    expect(loadConfig({ options: new Map([["journal", "nats://n1/hub"], ...files]) })).toMatchObject({
      journalCredentials: "/hub.creds",
      journalCa: "/ca.pem",
    });
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Networks, clientAddress, parseIpAddress } from "../../../src/gateway/http/client-address.js";

const seed = 20_261_121;
const none = new Networks([]);

const characters = "0123456789abcf:.%[]/ ".split("");
const group = fc.integer({ min: 0, max: 0xffff });
const ipv6 = fc.array(group, { minLength: 8, maxLength: 8 });
const ipv4 = fc.ipV4();

/** An IPv6 address with all its digits. */
function long(groups: readonly number[]): string {
  return groups.map((each) => each.toString(16).toUpperCase().padStart(4, "0")).join(":");
}

function addressOf(peer: string | undefined, forwardedFor?: string, proxies = none): string {
  return clientAddress({ peer, forwardedFor }, proxies).address;
}

describe("an address", () => {
  it.each([
    { given: "192.0.2.7", expected: "192.0.2.7" },
    { given: "::ffff:192.0.2.7", expected: "192.0.2.7" },
    { given: "::FFFF:C000:0207", expected: "192.0.2.7" },
    { given: "2001:0DB8:0:0:0:0:0:1", expected: "2001:db8::1" },
    { given: "fe80::1%eth0", expected: "fe80::1" },
    { given: "", expected: undefined },
    { given: "unknown", expected: undefined },
    { given: "_hidden", expected: undefined },
    { given: "192.0.2.07", expected: undefined },
    { given: "192.0.2.7.", expected: undefined },
    { given: "2001:db8::1::2", expected: undefined },
    { given: "1".repeat(10_000), expected: undefined },
  ])("$given is $expected", ({ given, expected }) => {
    expect(parseIpAddress(given)).toBe(expected);
  });

  it("has one form, however it is written", () => {
    fc.assert(
      fc.property(ipv6, (groups) => {
        const [written, again] = [
          parseIpAddress(long(groups)),
          parseIpAddress(parseIpAddress(long(groups)) ?? ""),
        ];
        expect(written).toBeDefined();
        expect(again).toBe(written);
      }),
      { seed },
    );
  });

  it("is never taken from text that is none, and no text is a failure", () => {
    const text = fc.string({ unit: fc.constantFrom(...characters), maxLength: 50 });
    const isAddress = (parsed: string | undefined): boolean =>
      parsed === undefined || /^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f:.]+)$/.test(parsed);
    expect(
      fc.check(
        fc.property(text, (each) => isAddress(parseIpAddress(each))),
        { seed, numRuns: 2000 },
      ),
    ).toMatchObject({ failed: false });
  });
});

describe("the client of a request", () => {
  it("is the peer while no proxy is trusted, whatever the header says", () => {
    fc.assert(
      fc.property(ipv4, fc.string(), (peer, header) => {
        expect(addressOf(peer, header)).toBe(peer);
      }),
      { seed },
    );
  });

  it("is what the outermost trusted proxy saw, whatever the client wrote in front of it", () => {
    const proxies = new Networks(["10.0.0.0/8", "2001:db8:ffff::/48"]);
    const proxy = fc.oneof(
      fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => `10.${a}.${b}.1`),
      group.map((each) => `2001:db8:ffff::${each.toString(16)}`),
    );
    const client = fc.tuple(fc.integer({ min: 11, max: 126 }), fc.nat(255)).map(([a, b]) => `${a}.0.${b}.2`);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(proxy, client, fc.string())),
        client,
        fc.array(proxy, { minLength: 1, maxLength: 5 }),
        (forged, client, [peer = "", ...further]) => {
          const header = [...forged, client, ...further.toReversed()].join(", ");
          expect(addressOf(peer, header, proxies)).toBe(client);
        },
      ),
      { seed },
    );
  });

  it.each([
    { forwardedFor: "198.51.100.9", expected: "198.51.100.9" },
    { forwardedFor: " 198.51.100.9\t", expected: "198.51.100.9" },
    { forwardedFor: "198.51.100.9:4711", expected: "198.51.100.9" },
    { forwardedFor: "[2001:db8::9]:4711", expected: "2001:db8::9" },
    { forwardedFor: "[2001:db8::9]", expected: "2001:db8::9" },
    { forwardedFor: "::ffff:198.51.100.9", expected: "198.51.100.9" },
    { forwardedFor: "198.51.100.9, ::ffff:10.0.0.2", expected: "198.51.100.9" },
    { forwardedFor: "198.51.100.9, unknown", expected: "10.0.0.1" },
    { forwardedFor: "198.51.100.9, ", expected: "10.0.0.1" },
    { forwardedFor: "", expected: "10.0.0.1" },
    { forwardedFor: undefined, expected: "10.0.0.1" },
    { forwardedFor: "10.0.0.3, 10.0.0.2", expected: "10.0.0.3" },
  ])("is $expected when a trusted proxy sends $forwardedFor", ({ forwardedFor, expected }) => {
    expect(addressOf("::ffff:10.0.0.1", forwardedFor, new Networks(["10.0.0.0/8"]))).toBe(expected);
  });

  it("is unix and local for a program at a unix socket, and that of the header if unix is trusted", () => {
    const unix = { address: "unix", key: "unix", isLocal: true };
    const source = { peer: "unix", forwardedFor: "198.51.100.9" };
    expect(clientAddress(source, none)).toEqual(unix);
    expect(clientAddress(source, new Networks(["127.0.0.1"]))).toEqual(unix);
    const trusting = new Networks(["unix", "198.51.100.9"]);
    expect(clientAddress({ ...source, forwardedFor: undefined }, trusting)).toEqual(unix);
    expect(clientAddress({ ...source, forwardedFor: "192.0.2.1, 198.51.100.9" }, trusting).address).toBe(
      "192.0.2.1",
    );
    expect(clientAddress({ peer: "198.51.100.9", forwardedFor: "unix" }, trusting).address).toBe(
      "198.51.100.9",
    );
  });

  it("is unknown and local when a front does not know the peer, and a header alone names nobody", () => {
    const unknown = { address: "unknown", key: "unknown", isLocal: true };
    for (const peer of [undefined, "", "@"])
      expect(clientAddress({ peer, forwardedFor: "198.51.100.9" }, none)).toEqual(unknown);
  });

  it("is believed for a single proxy as for a network, in whatever form that is written", () => {
    for (const proxy of ["2001:db8::a", "2001:0DB8:0:0::A", "2001:db8::/64"])
      expect(addressOf("2001:db8::a", "198.51.100.9", new Networks([proxy]))).toBe("198.51.100.9");
    expect(addressOf("10.0.0.1", "198.51.100.9", new Networks(["::ffff:10.0.0.1"]))).toBe("198.51.100.9");
  });
});

describe("what a client is counted under", () => {
  it("is the first half of its IPv6 address", () => {
    fc.assert(
      fc.property(
        ipv6,
        fc.array(group, { minLength: 4, maxLength: 4 }),
        ([a = 0, b = 0, c = 0, d = 0], rest) => {
          const network = [a + (a === 0 ? 1 : 0), b, c, d];
          const key = (lower: readonly number[]): string =>
            clientAddress({ peer: long([...network, ...lower]), forwardedFor: undefined }, none).key;
          expect(key(rest)).toBe(key([0, 0, 0, 1]));
          expect(key(rest)).toBe(`${network.map((each) => each.toString(16)).join(":")}::/64`);
        },
      ),
      { seed },
    );
  });

  it.each(["127.0.0.1", "127.8.8.8", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.1.1", "100.64.0.1"])(
    "is local for %s, as for IPv6",
    (peer) => {
      const client = (address: string) => clientAddress({ peer: address, forwardedFor: undefined }, none);
      expect(client(peer)).toEqual({ address: peer, key: peer, isLocal: true });
      expect(client(`::ffff:${peer}`)).toEqual(client(peer));
    },
  );

  it.each([
    { peer: "::1", isLocal: true },
    { peer: "fd00::1", isLocal: true },
    { peer: "fe80::1%eth0", isLocal: true },
    { peer: "::", isLocal: false },
    { peer: "2001:db8::1", isLocal: false },
    { peer: "172.32.0.1", isLocal: false },
    { peer: "8.8.8.8", isLocal: false },
  ])("is local: $isLocal for $peer", ({ peer, isLocal }) => {
    expect(clientAddress({ peer, forwardedFor: undefined }, none).isLocal).toBe(isLocal);
  });

  it("is local for a trusted proxy that does not say whom it asks for", () => {
    const proxies = new Networks(["198.51.100.1"]);
    expect(clientAddress({ peer: "198.51.100.1", forwardedFor: undefined }, proxies).isLocal).toBe(true);
    expect(clientAddress({ peer: "198.51.100.1", forwardedFor: "8.8.8.8" }, proxies).isLocal).toBe(false);
  });

  // The hub remembers look-ups for a limited number of addresses.
  it("is the same however often and after however many others it is asked for", () => {
    const isLocal = (peer: string) => clientAddress({ peer, forwardedFor: undefined }, none).isLocal;
    for (let round = 0; round < 2; round += 1) {
      for (let at = 0; at < 2000; at += 1) expect(isLocal(`8.${at >> 8}.${at & 255}.1`)).toBe(false);
      for (let at = 0; at < 2000; at += 1) expect(isLocal(`10.${at >> 8}.${at & 255}.1`)).toBe(true);
    }
  });
});

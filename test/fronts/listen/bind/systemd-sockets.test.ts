import { expect, test } from "vitest";
import { systemdSockets } from "../../../../src/fronts/listen/bind/systemd-sockets.js";

const environment = { LISTEN_PID: "7", LISTEN_FDS: "3", LISTEN_FDNAMES: "web:web:other" };

test.each<[string | undefined, number[]]>([
  [undefined, [3, 4, 5]],
  ["web", [3, 4]],
  ["other", [5]],
])("with the name %s, the sockets are %j", (name, descriptors) => {
  expect(systemdSockets(name, { environment, pid: 7 })).toEqual(descriptors);
});

test("a socket without a name is called unknown, as systemd does", () => {
  const unnamed = { LISTEN_PID: "7", LISTEN_FDS: "2" };
  expect(systemdSockets("unknown", { environment: unnamed, pid: 7 })).toEqual([3, 4]);
});

test.each([
  ["no variables are set", {}],
  ["the sockets are for another process", { ...environment, LISTEN_PID: "8" }],
  ["there are none", { ...environment, LISTEN_FDS: "0" }],
  ["their number is unreadable", { ...environment, LISTEN_FDS: "many" }],
])("the reason says that systemd has passed nothing if %s", (_case, given) => {
  expect(() => systemdSockets(undefined, { environment: given, pid: 7 })).toThrow(
    /^systemd has passed no sockets to this process/,
  );
});

test("the reason lists the names if none is the wanted one", () => {
  expect(() => systemdSockets("Web", { environment, pid: 7 })).toThrow(
    /no socket with this name, but: web, web, other$/,
  );
});

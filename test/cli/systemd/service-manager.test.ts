import { expect, test } from "vitest";
import { silentLogger } from "../../../src/base/log.js";
import { ServiceManager } from "../../../src/cli/systemd/service-manager.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const socket = { NOTIFY_SOCKET: "/run/systemd/notify" };

/** A service manager whose program the test ends. */
class Service {
  readonly clock = new VirtualClock();
  /** The messages, each with its lines. */
  readonly sent: (readonly string[])[] = [];
  readonly warnings: string[] = [];
  readonly manager: ServiceManager;
  /** What the program does. */
  program: () => Promise<void> = () => Promise.resolve();

  constructor(environment: Readonly<Record<string, string>>) {
    this.manager = new ServiceManager({
      environment,
      clock: this.clock,
      logger: { ...silentLogger, warn: (_fields, message) => void this.warnings.push(message) },
      program: (assignments) => {
        this.sent.push(assignments);
        return this.program();
      },
      pid: 7,
    });
  }

  get names(): readonly (string | undefined)[] {
    return this.sent.map(([first]) => first);
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }
}

/** Resolves when the messages so far are sent. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test("each change is one message, in order, although nothing waits for it", async () => {
  const service = new Service(socket);
  const ends: (() => void)[] = [];
  service.program = () => new Promise((resolve) => ends.push(resolve));
  service.manager.ready("serving");
  service.manager.reloading();
  service.manager.ready("serving again");
  service.manager.stopping(12.5);
  for (let sent = 1; sent <= 4; sent += 1) {
    await settled();
    expect(service.sent.length).toBe(sent);
    ends.shift()?.();
  }
  expect(service.sent).toEqual([
    ["READY=1", "STATUS=serving"],
    ["RELOADING=1", expect.stringMatching(/^MONOTONIC_USEC=\d+$/), "STATUS=reloading"],
    ["READY=1", "STATUS=serving again"],
    ["STOPPING=1", "EXTEND_TIMEOUT_USEC=42500000", "STATUS=stopping"],
  ]);
});

test("after many reloads, systemd gets the messages of the first and of the last one, and the stop does not wait for the others", async () => {
  const service = new Service(socket);
  const ends: (() => void)[] = [];
  service.program = () => new Promise((resolve) => ends.push(resolve));
  service.manager.ready("serving");
  for (let reload = 1; reload <= 1000; reload += 1) {
    service.manager.reloading();
    service.manager.ready(`serving after reload ${reload}`);
    if (reload > 1) continue;
    await settled();
    ends.shift()?.();
    await settled();
  }
  service.manager.stopping(0);
  for (let end = ends.shift(); end !== undefined; end = ends.shift()) {
    end();
    await settled();
  }
  expect(service.names).toEqual([
    "READY=1",
    "RELOADING=1",
    "READY=1",
    "RELOADING=1",
    "READY=1",
    "STOPPING=1",
  ]);
  expect(service.sent.at(-2)).toEqual(["READY=1", "STATUS=serving after reload 1000"]);
});

test("a reload while the hub stops is no message", async () => {
  const service = new Service(socket);
  service.manager.ready("serving");
  service.manager.stopping(10);
  service.manager.reloading();
  service.manager.ready("serving again");
  await settled();
  expect(service.names).toEqual(["READY=1", "STOPPING=1"]);
});

test.each([{}, { NOTIFY_SOCKET: "" }, { WATCHDOG_USEC: "1000000" }])(
  "without a socket nothing is sent: %j",
  async (environment) => {
    const service = new Service(environment);
    service.manager.ready("serving");
    service.manager.stopping(0);
    await service.advance(10_000);
    expect(service.sent).toEqual([]);
  },
);

test.each([{ WATCHDOG_USEC: "4000000" }, { WATCHDOG_USEC: "4000000", WATCHDOG_PID: "7" }])(
  "the watchdog is fed twice in its period, once the hub is ready: %j",
  async (environment) => {
    const service = new Service({ ...socket, ...environment });
    await service.advance(10_000);
    expect(service.sent).toEqual([]);
    service.manager.ready("serving");
    service.manager.ready("serving");
    await settled();
    await service.advance(2000);
    await service.advance(2000);
    expect(service.names).toEqual(["READY=1", "READY=1", "WATCHDOG=1", "WATCHDOG=1"]);
  },
);

test.each([
  {},
  { WATCHDOG_USEC: "0" },
  { WATCHDOG_USEC: "soon" },
  { WATCHDOG_USEC: "4000000", WATCHDOG_PID: "8" },
])("the watchdog of another process is not fed: %j", async (environment) => {
  const service = new Service({ ...socket, ...environment });
  service.manager.ready("serving");
  await service.advance(60_000);
  expect(service.names).toEqual(["READY=1"]);
  expect(service.clock.timers).toBe(0);
});

test("while the program does not end, no messages of the watchdog wait", async () => {
  const service = new Service({ ...socket, WATCHDOG_USEC: "2000000" });
  let end: () => void = () => undefined;
  service.program = () => new Promise((resolve) => (end = resolve));
  service.manager.ready("serving");
  await service.advance(60_000);
  end();
  await settled();
  expect(service.names).toEqual(["READY=1"]);
  await service.advance(1000);
  expect(service.names).toEqual(["READY=1", "WATCHDOG=1"]);
});

test("a failure after a success is reported again", async () => {
  const service = new Service(socket);
  const fails = (): Promise<void> => Promise.reject(new Error("systemd-notify ended with SIGKILL"));
  for (const program of [fails, fails, () => Promise.resolve(), fails]) {
    service.program = program;
    service.manager.ready("serving");
    await settled();
  }
  expect(service.warnings).toHaveLength(2);
});

test("a program that cannot be run is reported once, and tried again for each message", async () => {
  const service = new Service({ ...socket, WATCHDOG_USEC: "2000000" });
  service.program = () => Promise.reject(new Error("spawn systemd-notify ENOENT"));
  service.manager.ready("serving");
  await settled();
  await service.advance(1000);
  await service.advance(1000);
  service.manager.stopping(0);
  await settled();
  expect(service.names).toEqual(["READY=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]);
  expect(service.warnings).toEqual([expect.stringContaining("systemd-notify")]);
});

import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../src/app/system-clock.js";
import { childrenOf } from "../../support/children.js";
import { freePort } from "../../support/free-port.js";
import { connectRaw, type RawConnection } from "../../support/raw-http.js";
import { waitFor } from "../../support/wait-for.js";
import { WorkersEnvironment, listenersAt, running, slowWorker } from "./workers-environment.js";

const within = 30_000;

/** The machine's clock, with timers that run ten times as fast. */
const fastClock = {
  ...systemClock,
  after: (ms: number, action: () => void) => systemClock.after(ms / 10, action),
  every: (ms: number, action: () => void) => systemClock.every(ms / 10, action),
};

/** Processes of other test files, which share this process. */
const others = new Set<number>();

beforeEach(() => {
  others.clear();
  for (const pid of childrenOf(process.pid)) others.add(pid);
});

/** The workers that the running test has started, oldest first. */
function workers(): readonly number[] {
  return childrenOf(process.pid).filter((pid) => !others.has(pid));
}

/** Connects as soon as the port is open. */
function connectEarly(port: number): Promise<RawConnection> {
  return waitFor(() => connectRaw({ port }).catch(() => undefined), {
    within,
    missing: () => "nobody listens",
  });
}

/** The reason why the front cannot listen. */
function refusalOf(listening: Promise<unknown>): Promise<string> {
  return listening.then(() => "it listens", String);
}

describe("connections that are handed over", () => {
  it("live on when the hub has closed its own descriptor of them", async () => {
    const environment = new WorkersEnvironment({ workers: 1 });
    await environment.listen();
    const { connection } = await environment.connectToWorker();
    connection.write("still there?\n");
    await connection.readUntil("still there?\n", { within });
    expect(connection.closed).toBe(false);
  });

  it("make room in the hub for the next, however many there have been", async () => {
    const environment = new WorkersEnvironment({ limits: { connectionsPerWorker: 100, connections: 5 } });
    await environment.listen();
    let taken = 0;
    for (; taken < 50; taken += 1) {
      const { connection } = await waitFor(() => environment.connectToWorker().catch(() => undefined), {
        within,
        missing: () => `there is no room after ${taken}`,
      });
      connection.close();
    }
    expect(taken).toBe(50);
  });

  it("go to another worker when the one they were meant for dies before it has them", async () => {
    // Bug: Node sends a handle after the worker has acknowledged the previous handle. If the process dies, Node forgets
    // the waiting handles. The clients of these handles waited for ever.
    const environment = new WorkersEnvironment();
    await environment.listen();
    const [first, second] = [await environment.connectToWorker(), await environment.connectToWorker()];
    process.kill(first.worker, "SIGSTOP");
    const others = await Promise.all(Array.from({ length: 8 }, () => environment.connect()));
    await waitFor(() => others.filter(({ length }) => length > 0).length === 4, {
      within,
      missing: () => "the other worker does not take its share",
    });
    process.kill(first.worker, "SIGKILL");
    await first.connection.readToEnd({ within });
    await waitFor(() => others.every(({ length, closed }) => length > 0 || closed), {
      within,
      missing: () => "connections wait for a worker that is dead",
    });
    const greeted = others.filter(({ length }) => length > 0);
    expect(greeted.length, "all but the one that was on its way").toBeGreaterThanOrEqual(7);
    for (const { text } of greeted) expect(text).toBe(`${second.worker}\n`);
  });
});

describe("workers", () => {
  it("are not taken for stuck because the hub itself had paused", async () => {
    // Bug: the hub measured a worker's silence by the clock. After a pause of the hub's own process, the hub therefore
    // killed healthy workers.
    let aheadMs = 0;
    const clock = { ...fastClock, monotonic: () => systemClock.monotonic() + aheadMs };
    const environment = new WorkersEnvironment({ workers: 1, clock });
    await environment.listen();
    const { connection } = await environment.connectToWorker();
    for (const heard of [3, 6]) {
      aheadMs += 60_000;
      await waitFor(() => environment.front.laggards >= heard, {
        within,
        missing: () => "it is asked no more",
      });
    }
    expect(environment.errors).toEqual([]);
    expect(connection.closed).toBe(false);
  });

  it("are replaced when they have left ten questions unanswered", async () => {
    const environment = new WorkersEnvironment({ workers: 1, clock: fastClock });
    await environment.listen();
    const { connection, worker } = await environment.connectToWorker();
    process.kill(worker, "SIGSTOP");
    await environment.untilError(/not answer 10 pings.*the hub replaces it/);
    await connection.readToEnd({ within });
    const again = await waitFor(() => environment.connectToWorker().catch(() => undefined), {
      within,
      missing: () => "no worker takes its place",
    });
    expect(again.worker).not.toBe(worker);
  });

  it.each([
    { path: "/nowhere/node", story: "says later that it could not be started", how: /ENOENT/ },
    { path: "no\0path", story: "cannot even be tried", how: /null bytes/ },
  ])("are started later, and later still, when a process $story", async ({ path, how }) => {
    const environment = new WorkersEnvironment({ workers: 1, clock: fastClock });
    await environment.listen();
    const { worker } = await environment.connectToWorker();
    const { execPath } = process;
    onTestFinished(() => void (process.execPath = execPath));
    process.execPath = path;
    process.kill(worker, "SIGKILL");
    expect(await environment.untilError(/SIGKILL/)).toMatchObject({ inMs: 1000 });
    expect(await environment.untilError(how)).toMatchObject({ inMs: 2000 });
    process.execPath = execPath;
    await waitFor(() => environment.connectToWorker().catch(() => undefined), {
      within,
      missing: () => "no worker takes its place",
    });
  });
});

describe("while its workers start", () => {
  it("keeps no more connections than it may have", async () => {
    const port = await freePort();
    const environment = new WorkersEnvironment({
      listeners: listenersAt(port),
      entry: slowWorker,
      limits: { connectionsPerWorker: 100, connections: 2 },
    });
    void refusalOf(environment.front.start(running));
    const kept = [await connectEarly(port), await connectEarly(port)];
    const third = await connectEarly(port);
    await third.readToEnd({ within });
    expect(environment.cut).toEqual(["workers"]);
    expect(kept.map(({ closed }) => closed)).toEqual([false, false]);
  });

  it("can be stopped: nobody is left behind and nothing is called a failure", async () => {
    const port = await freePort();
    const environment = new WorkersEnvironment({ listeners: listenersAt(port), entry: slowWorker });
    const refusal = refusalOf(environment.front.start(running));
    const early = await connectEarly(port);
    await environment.front.settle();
    await environment.front.close();
    expect(await refusal).toMatch(/ended before it was ready/);
    await early.readToEnd({ within });
    expect(workers()).toEqual([]);
    expect(environment.errors).toEqual([]);
  });

  it("ends the start when the hub stops, and leaves nobody behind", async () => {
    const port = await freePort();
    const environment = new WorkersEnvironment({ listeners: listenersAt(port), entry: slowWorker });
    const stopping = new AbortController();
    const refusal = refusalOf(environment.front.start(stopping.signal));
    const early = await connectEarly(port);
    stopping.abort();
    expect(await refusal).toMatch(/the hub stops/);
    await early.readToEnd({ within });
    await environment.front.close();
    expect(workers()).toEqual([]);
    expect(environment.errors).toEqual([]);
  });

  it("replaces a worker that is killed before it is ready, and serves those that came early", async () => {
    const port = await freePort();
    const environment = new WorkersEnvironment({ listeners: listenersAt(port), workers: 1 });
    const started = environment.listen();
    const early = await connectEarly(port);
    const first = await killStarting();
    await started;
    await early.readUntil("\n", { within });
    expect(Number.parseInt(early.text, 10)).not.toBe(first);
    expect(environment.errors).toMatchObject([{ how: "SIGKILL", inMs: 1000 }]);
  });

  it("closes those that came early when three runs of a worker end before it is ready", async () => {
    const port = await freePort();
    const environment = new WorkersEnvironment({
      listeners: listenersAt(port),
      entry: slowWorker,
      workers: 1,
    });
    const refusal = refusalOf(environment.front.start(running));
    const early = await connectEarly(port);
    for (let run = 1; run <= 3; run += 1) await killStarting();
    expect(await refusal).toMatch(/ended before it was ready/);
    await early.readToEnd({ within });
    const how = "SIGKILL";
    expect(environment.errors).toMatchObject([
      { how, inMs: 1000 },
      { how, inMs: 2000 },
      { how, inMs: 4000 },
    ]);
  });
});

/** Kills the worker that is being started, waits until it is gone, and returns its process id. */
async function killStarting(): Promise<number> {
  const [worker = 0] = await waitFor(
    () => {
      const children = workers();
      return children.length > 0 && children;
    },
    { within, missing: () => "no worker is started" },
  );
  process.kill(worker, "SIGKILL");
  await waitFor(() => !workers().includes(worker), { within, missing: "the worker lives on" });
  return worker;
}

import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Candidate, RunningServer, ServerProcess } from "../candidate/candidate.js";
import { LoadClients, type LoadClientsOptions, type WaitResult } from "../load/load-clients.js";
import { openAll } from "../load/open-clients.js";
import { availableBytes } from "../machine/kernel.js";
import { compiled } from "../native/compile.js";
import { Publisher } from "../publisher/publisher.js";
import { CleanUp } from "./clean-up.js";
import { streamsOf, type EnvironmentSpec } from "./environment-spec.js";
import { Environment, memoryOf } from "./environment.js";

const otherTopics = 10_000;
/** Source addresses of the additional clients begin at 127.0.0.200, above the addresses of the measured clients. */
const otherSource = 200;
const stopWithinMs = 60_000;

interface Opening {
  readonly candidate: Candidate;
  readonly spec: EnvironmentSpec;
  readonly cleanUp: CleanUp;
}

/**
 * Starts the server and the publisher and connects the clients. Rejects if the server does not start or refuses a
 * client. After such a failure, the function stops everything that it has started.
 */
export async function openEnvironment(candidate: Candidate, spec: EnvironmentSpec): Promise<Environment> {
  const cleanUp = new CleanUp();
  try {
    return await open({ candidate, spec, cleanUp });
  } catch (error) {
    await cleanUp.run();
    throw error;
  }
}

async function open(opening: Opening): Promise<Environment> {
  const { candidate, spec, cleanUp } = opening;
  const server = await startServer(opening);
  const publisher = new Publisher();
  cleanUp.add(async () => publisher.close());
  await publisher.call("connect", { spec: server.publisher, streams: streamsOf(spec) });
  const [memoryBefore, availableBefore] = [memoryOf(server), availableBytes()];
  const { loadClients, opened } = await connect(opening, server, {
    clients: spec.clients,
    client: server.client,
    streams: streamsOf(spec),
    ids: spec.ids,
  });
  if (spec.others !== undefined) await connectOthers(opening, server, spec.others);
  const parts = { candidate, spec, server, loadClients, publisher, memoryBefore, availableBefore, opened };
  return new Environment(parts, async () => cleanUp.run());
}

async function startServer({ candidate, spec, cleanUp }: Opening): Promise<RunningServer> {
  const scratch = await mkdtemp(join(tmpdir(), "pharos-bench-"));
  // After Ctrl-C, this listener removes the folder.
  const atExit = (): void => rmSync(scratch, { recursive: true, force: true });
  process.once("exit", atExit);
  cleanUp.add(async () => {
    process.off("exit", atExit);
    await rm(scratch, { recursive: true, force: true });
  });
  const started: ServerProcess[] = [];
  cleanUp.add(async () => stopAll(started));
  return candidate.start({
    clients: spec.clients + (spec.others ?? 0),
    topics: spec.topics,
    scratch,
    register: (one) => {
      started.push(one);
      return one;
    },
  });
}

async function connect(
  { cleanUp }: Opening,
  server: RunningServer,
  options: Omit<LoadClientsOptions, "program" | "port">,
): Promise<{ readonly loadClients: LoadClients; readonly opened: WaitResult }> {
  const program = await compiled("load");
  const loadClients = new LoadClients({ ...options, program, port: server.port });
  cleanUp.add(async () => loadClients.close());
  const opened = await openAll({ loadClients, clients: options.clients, server });
  return { loadClients, opened };
}

async function connectOthers(opening: Opening, server: RunningServer, clients: number): Promise<void> {
  const client = { ...server.client, path: server.client.path.replace("bench/", "other/") };
  await connect(opening, server, { clients, client, streams: otherTopics, firstSource: otherSource });
}

async function stopAll(started: readonly ServerProcess[]): Promise<void> {
  const late = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error("a server does not end")), stopWithinMs).unref();
  });
  await Promise.race([Promise.all(started.map(async (one) => one.stop())), late]);
}

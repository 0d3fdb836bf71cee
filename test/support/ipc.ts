import { fork, type ChildProcess } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { atTestEnd, type OnEnd } from "./on-end.js";
import { cpuSeconds, rssBytes } from "./process-figures.js";
import { before } from "./wait-for.js";

/** The requests of a child: for each kind, the types of the request and of the answer. */
export type Protocol = Record<string, { readonly ask: unknown; readonly answer: unknown }>;

/** A child process of the test. The child answers requests, and ends with the test or with the test process. */
export class Child<P extends Protocol> {
  readonly #process: ChildProcess;
  readonly #open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #count = 0;

  constructor(process: ChildProcess) {
    this.#process = process;
    process.on("message", (message) => this.#settle(parseReply(message)));
    process.on("exit", (code, signal) => this.#fail(`the child process ended (${signal ?? `code ${code}`})`));
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** CPU time so far, in seconds. */
  cpuSeconds(): number {
    return cpuSeconds(this.pid);
  }

  /** Resident memory in bytes. */
  rssBytes(): number {
    return rssBytes(this.pid);
  }

  /** Sends a request. Rejects with the error of the child's handler, or if the child exits. */
  async call<K extends keyof P & string>(kind: K, ask: P[K]["ask"]): Promise<P[K]["answer"]> {
    const id = ++this.#count;
    const answer = new Promise<unknown>((resolve, reject) => this.#open.set(id, { resolve, reject }));
    this.#process.send({ id, kind, ask }, (error) => {
      if (error !== null) this.#settle({ id, error: error.message });
    });
    return answer;
  }

  /** Ends the child at once. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await before(gone, { within: 60_000, missing: `process ${this.pid} does not end` });
  }

  #settle(reply: Reply): void {
    const call = this.#open.get(reply.id);
    this.#open.delete(reply.id);
    if (reply.error === undefined) call?.resolve(reply.value);
    else call?.reject(new Error(reply.error));
  }

  #fail(reason: string): void {
    for (const call of this.#open.values()) call.reject(new Error(reason));
    this.#open.clear();
  }
}

/** Starts the TypeScript module at `entry` as a child. The module calls {@link answerCalls}. */
export function startChild<P extends Protocol>(options: {
  readonly entry: URL;
  /** Added to the environment. @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** Further options of node. @default none */
  readonly nodeArgs?: readonly string[];
  /** @default the end of the running test */
  readonly onEnd?: OnEnd;
}): Child<P> {
  const child = fork(fileURLToPath(options.entry), [], {
    cwd: root,
    env: { ...process.env, ...options.env },
    execArgv: ["--import", "tsx", ...(options.nodeArgs ?? [])],
    serialization: "advanced",
  });
  const started = new Child<P>(child);
  (options.onEnd ?? atTestEnd)(() => started.close());
  return started;
}

/** The child's side: answers each request with the handler of its kind, and exits when the parent has ended. */
export function answerCalls<P extends Protocol>(handlers: {
  readonly [K in keyof P]: (ask: P[K]["ask"]) => P[K]["answer"] | Promise<P[K]["answer"]>;
}): void {
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  process.on("message", (message) => {
    const { id, kind, ask } = parseCall<P>(message);
    const reply = (rest: Omit<Reply, "id">): void => void process.send?.({ id, ...rest });
    void (async () => reply({ value: await handlers[kind](ask) }))().catch((error: unknown) =>
      reply({ error: error instanceof Error ? error.message : String(error) }),
    );
  });
}

/** The folder of the project. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

function parseReply(message: unknown): Reply {
  if (typeof message !== "object" || message === null || !("id" in message))
    throw new TypeError("a child sent something that is no reply");
  return message as Reply;
}

function parseCall<P extends Protocol>(
  message: unknown,
): { id: number; kind: keyof P; ask: P[keyof P]["ask"] } {
  if (typeof message !== "object" || message === null || !("kind" in message))
    throw new TypeError("the parent sent something that is no call");
  return message as { id: number; kind: keyof P; ask: P[keyof P]["ask"] };
}

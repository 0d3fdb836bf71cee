import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { Push } from "zeromq";
import { systemClock } from "../../../src/app/system-clock.js";
import type { Publication } from "../../../src/hub/publications/publication.js";
import { parseEndpoint } from "../../../src/zeromq/endpoint.js";
import type { PublicationSink } from "../../../src/ingress/publication-sink.js";
import { type IngressOptions, ZeroMqIngress } from "../../../src/ingress/zeromq/zeromq-ingress.js";
import type { LogFields, Logger } from "../../../src/base/log.js";
import type { Metrics } from "../../../src/base/metrics.js";
import { Changes } from "../../support/wait-for.js";

/** Stores publications, and accepts further ones until the test calls `shut`. */
export class RecordingSink implements PublicationSink {
  readonly publications: Publication[] = [];
  readonly #changes = new Changes();
  #room: { readonly promise: Promise<void>; readonly open: () => void } | undefined;

  add(publication: Publication): void {
    this.publications.push(publication);
    this.#changes.changed();
  }

  room(): Promise<void> | undefined {
    return this.#room?.promise;
  }

  /** From now on the sink accepts no more publications, until the test calls `open`. */
  shut(): void {
    let open: () => void = () => undefined;
    const promise = new Promise<void>((resolve) => (open = resolve));
    this.#room = { promise, open };
  }

  open(): void {
    this.#room?.open();
    this.#room = undefined;
  }

  get data(): string[] {
    return this.publications.map((publication) => publication.data);
  }

  /** Resolves when the sink has received `count` publications in total. */
  async received(count: number, withinMs = 20_000): Promise<void> {
    await this.#changes.until(() => this.publications.length >= count, {
      within: withinMs,
      missing: () => `${count} publications; ${this.publications.length} came`,
    });
  }
}

/** Stores the log lines and the counts of metrics. */
export class Records implements Logger, Metrics {
  readonly lines: { readonly level: string; readonly fields: LogFields; readonly message: string }[] = [];
  readonly counts = new Map<string, number>();
  readonly #changes = new Changes();

  debug = this.#line("debug");
  info = this.#line("info");
  warn = this.#line("warn");
  error = this.#line("error");

  count(name: string, by = 1, labels: Readonly<Record<string, string>> = {}): void {
    const key = [name, ...Object.values(labels)].join(" ");
    this.counts.set(key, (this.counts.get(key) ?? 0) + by);
    this.#changes.changed();
  }

  gauge(): void {}
  observe(): void {}
  merge(): void {}

  async counted(key: string, count: number): Promise<void> {
    await this.#changes.until(() => (this.counts.get(key) ?? 0) >= count, {
      within: 20_000,
      missing: () => `${count} of ${key}; counted ${JSON.stringify([...this.counts])}`,
    });
  }

  async logged(part: string): Promise<void> {
    await this.#changes.until(() => this.lines.some((line) => line.message.includes(part)), {
      within: 20_000,
      missing: () => `a log line with ${part}; there are ${JSON.stringify(this.lines)}`,
    });
  }

  #line(level: string) {
    return (fields: LogFields, message: string): void => {
      this.lines.push({ level, fields, message });
      this.#changes.changed();
    };
  }
}

/** Opens an ingress on a free port, and closes it at the end of the test. */
export async function openIngress(
  options: Partial<Omit<IngressOptions, "endpoint" | "sink">> & { readonly endpoint?: string } = {},
): Promise<{ ingress: ZeroMqIngress; sink: RecordingSink; records: Records }> {
  const sink = new RecordingSink();
  const records = new Records();
  const ingress = await ZeroMqIngress.open({
    clock: systemClock,
    logger: records,
    metrics: records,
    ...options,
    sink,
    endpoint: parseEndpoint(options.endpoint ?? "@tcp://127.0.0.1:0", "bind"),
  });
  onTestFinished(() => ingress.close());
  return { ingress, sink, records };
}

/** Opens a plain ZeroMQ PUSH socket, and closes it at the end of the test. */
export function openPush(address: string, options: ConstructorParameters<typeof Push>[0] = {}): Push {
  const push = new Push({ linger: 0, immediate: true, sendTimeout: 20_000, ...options });
  push.connect(address);
  onTestFinished(() => push.close());
  return push;
}

/** A path for an ipc endpoint, in a folder that is removed at the end of the test. */
export function ipcPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "pharos-ingress-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "queue");
}

import { createHash, randomBytes } from "node:crypto";
import { jetstream, type JetStreamClient, type StoredMsg, type StreamState } from "@nats-io/jetstream";
import { nuid } from "@nats-io/transport-node";
import { PharosError } from "../../base/errors.js";
import type { Sequence } from "../log/log.js";
import type { Engine } from "./engine/engine.js";
import { isTaken } from "./engine/engine-errors.js";
import type { StreamNames } from "./engine/stream-names.js";
import { parseManifest, type Manifest } from "./snapshot-manifest.js";

/** The longest wait for the acknowledgement of a chunk, in milliseconds. */
const storedMs = 10_000;

/**
 * Chunks without a snapshot are removed after this time, in milliseconds: their hub has stopped in the middle. Only the
 * engine's time counts, because the clocks of two hubs may differ by more than that.
 */
const abandonedMs = 3_600_000;

/** The size of the secret, in bytes. */
const secretBytes = 32;

export interface StateStreamOptions {
  readonly engine: Engine;
  readonly names: StreamNames;
  /** @default an hour */
  readonly abandonedAfterMs?: number;
}

/** The stream of snapshots and of the secret, on the same replicas as the records. */
export class StateStream {
  readonly #engine: Engine;
  readonly #names: StreamNames;
  readonly #abandonedAfterMs: number;
  readonly #client: JetStreamClient;

  constructor({ engine, names, abandonedAfterMs = abandonedMs }: StateStreamOptions) {
    this.#engine = engine;
    this.#names = names;
    this.#abandonedAfterMs = abandonedAfterMs;
    this.#client = jetstream(engine.connection, { timeout: storedMs });
  }

  /** The secret. The first hub that asks creates it. */
  async secret(): Promise<Buffer> {
    const subject = `${this.#names.statePrefix}secret`;
    const stored = await this.#last(subject);
    if (stored !== undefined) return Buffer.from(stored.data);
    await this.#publishFirst(subject, randomBytes(secretBytes));
    return this.secret();
  }

  /**
   * The complete snapshots that belong to the records, oldest first. Removes those whose record is another one now. A
   * snapshot for a record after `newest` is only left out: a leader that was just elected may not know its newest
   * records yet.
   */
  async snapshots(newest: Sequence): Promise<readonly Sequence[]> {
    const sequences = (await this.#subjects("snapshot.*")).map((subject) =>
      Number(subject.split(".").at(-1)),
    );
    const fit: Sequence[] = [];
    for (const sequence of sequences.filter((each) => each >= 0 && each <= newest).sort((a, b) => a - b)) {
      if (await this.#fits(sequence)) fit.push(sequence);
      else await this.remove(sequence);
    }
    return fit;
  }

  /** Stores a snapshot. If another hub has stored one for the same record, that one stays. */
  async save(sequence: Sequence, chunks: AsyncIterable<Buffer>): Promise<void> {
    const name = nuid.next();
    try {
      const manifest = await this.#saveChunks(name, chunks);
      const record = await this.#hashOfRecord(sequence);
      const full: Manifest = { ...manifest, ...(record === undefined ? {} : { record }) };
      const isFirst = await this.#publishFirst(this.#manifest(sequence), Buffer.from(JSON.stringify(full)));
      if (!isFirst) await this.#purge(`chunk.${name}.*`);
    } catch (error) {
      await this.#purge(`chunk.${name}.*`).catch(() => undefined);
      throw error;
    }
  }

  async *load(sequence: Sequence): AsyncIterable<Buffer> {
    const manifest = await this.#readManifest(sequence);
    if (manifest === undefined) throw damaged(sequence);
    const { name, chunks, hash } = manifest;
    const sum = createHash("sha256");
    for (let index = 0; index < chunks; index += 1) {
      const chunk = await this.#last(`${this.#names.statePrefix}chunk.${name}.${index}`);
      if (chunk === undefined) throw damaged(sequence);
      sum.update(chunk.data);
      yield Buffer.from(chunk.data);
    }
    if (sum.digest("base64") !== hash) throw damaged(sequence);
  }

  async remove(sequence: Sequence): Promise<void> {
    const manifest = await this.#readManifest(sequence);
    await this.#purge(`snapshot.${sequence}`);
    if (manifest !== undefined) await this.#purge(`chunk.${manifest.name}.*`);
    await this.#removeAbandoned();
  }

  async #saveChunks(name: string, chunks: AsyncIterable<Buffer>): Promise<Manifest> {
    const sum = createHash("sha256");
    let count = 0;
    for await (const chunk of chunks) {
      sum.update(chunk);
      await this.#client.publish(`${this.#names.statePrefix}chunk.${name}.${count}`, chunk);
      count += 1;
    }
    return { name, chunks: count, hash: sum.digest("base64") };
  }

  /**
   * A snapshot is of use only if the log still has the record that it was made for. After a loss of the newest records,
   * or a restored backup, other records get the numbers.
   */
  async #fits(sequence: Sequence): Promise<boolean> {
    const manifest = await this.#readManifest(sequence);
    if (manifest === undefined) return false;
    const { record } = manifest;
    const present = await this.#hashOfRecord(sequence);
    return record === undefined || present === undefined || record === present;
  }

  /** Undefined if there is none, or if it is a message of another program. */
  async #readManifest(sequence: Sequence): Promise<Manifest | undefined> {
    const message = await this.#last(this.#manifest(sequence));
    return message === undefined ? undefined : parseManifest(message.string());
  }

  #manifest(sequence: Sequence): string {
    return `${this.#names.statePrefix}snapshot.${sequence}`;
  }

  async #hashOfRecord(sequence: Sequence): Promise<string | undefined> {
    if (sequence === 0) return undefined;
    const message = await this.#engine.manager.streams.getMessage(this.#names.records, { seq: sequence });
    return message === null ? undefined : createHash("sha256").update(message.data).digest("base64");
  }

  async #last(subject: string): Promise<StoredMsg | undefined> {
    const { streams } = this.#engine.manager;
    return (await streams.getMessage(this.#names.state, { last_by_subj: subject })) ?? undefined;
  }

  /** Publishes unless the subject has a message. Resolves with false if it has one. */
  async #publishFirst(subject: string, data: Buffer): Promise<boolean> {
    try {
      await this.#client.publish(subject, data, { expect: { lastSubjectSequence: 0 } });
      return true;
    } catch (error) {
      if (isTaken(error)) return false;
      throw error;
    }
  }

  /** Removes chunks that no snapshot names, if they are much older than the newest message of the stream. */
  async #removeAbandoned(): Promise<void> {
    const { last_ts: newest, subjects } = await this.#state("chunk.*.0");
    const names = new Set(Object.keys(subjects ?? {}).map((subject) => subject.split(".").at(-2) ?? ""));
    for (const subject of await this.#subjects("snapshot.*")) {
      const message = await this.#last(subject);
      names.delete(parseManifest(message?.string() ?? "")?.name ?? "");
    }
    const oldMs = Date.parse(newest) - this.#abandonedAfterMs;
    for (const name of names) {
      const chunk = await this.#last(`${this.#names.statePrefix}chunk.${name}.0`);
      if (chunk !== undefined && chunk.time.getTime() < oldMs) await this.#purge(`chunk.${name}.*`);
    }
  }

  async #subjects(filter: string): Promise<readonly string[]> {
    const { subjects } = await this.#state(filter);
    return Object.keys(subjects ?? {});
  }

  /** The state of the stream, with the subjects that match the filter. */
  async #state(filter: string): Promise<StreamState> {
    const subjects_filter = `${this.#names.statePrefix}${filter}`;
    const info = await this.#engine.manager.streams.info(this.#names.state, { subjects_filter });
    return info.state;
  }

  async #purge(filter: string): Promise<void> {
    await this.#engine.manager.streams.purge(this.#names.state, {
      filter: `${this.#names.statePrefix}${filter}`,
    });
  }
}

function damaged(sequence: Sequence): PharosError {
  return new PharosError("bad-snapshot", `the snapshot for record ${sequence} is not complete`);
}

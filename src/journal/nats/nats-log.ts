import type { StreamInfo } from "@nats-io/jetstream";
import { atMost } from "../../base/at-most.js";
import type { Timer } from "../../base/clock.js";
import { messageOf, PharosError } from "../../base/errors.js";
import type { Log, LogFigures, LogFollower, LogState, Sequence, StoredRecord } from "../log/log.js";
import { Appends } from "./appends.js";
import { checkFiles } from "./engine/check-files.js";
import { messageOverheadBytes } from "./engine/check-server.js";
import type { Engine } from "./engine/engine.js";
import { isFull } from "./engine/engine-errors.js";
import { streamNames, type StreamNames } from "./engine/stream-names.js";
import { hasSpace, storedOverheadBytes, trimLog } from "./log-space.js";
import type { NatsLogOptions } from "./nats-log-options.js";
import { openEngine, openLogStreams, untilDone, type Opening } from "./open-engine.js";
import { readRecords } from "./read-records.js";
import { RecordSizes } from "./record-sizes.js";
import { StateStream } from "./state-stream.js";
import { StreamFollower } from "./stream-follower.js";
import { StreamWatch } from "./stream-watch.js";

/** How often the log asks the engine for the state of the stream, in milliseconds. */
const watchMs = 500;

/** After this many questions without a response or a record, the engine counts as gone: 1.5 to 2 seconds. */
const mostSilentWatches = 4;

/** The log removes old records after this many questions. */
const watchesPerTrim = 20;

/** The longest wait for the newest records when the log becomes ready again, in milliseconds. */
const recoverMs = 5000;

/** The longest wait for acknowledgements when the log closes, in milliseconds. */
const closeMs = 3000;

/** What exists once the log is open. */
interface Parts {
  readonly engine: Engine;
  readonly watch: StreamWatch;
  readonly appends: Appends;
  readonly state: StateStream;
  readonly secret: Buffer;
}

/** What exists once the caller follows the log. */
interface Following {
  readonly caller: LogFollower;
  readonly follower: StreamFollower;
}

/**
 * A log on NATS JetStream: the records of all hubs with the same stream name, in one order. The sequence of a record is
 * its number in the stream.
 *
 * `open` waits until the engine responds. The log is `up` only while it hears from the engine: records, or responses.
 */
export class NatsLog implements Log {
  readonly isShared = true;
  readonly #options: NatsLogOptions;
  readonly #names: StreamNames;
  readonly #closing = new AbortController();
  #state: LogState = "starting";
  #opened: Parts | undefined;
  #following: Following | undefined;
  #sizes: RecordSizes;
  #watching: Timer | undefined;
  #watches = 0;
  #silentWatches = 0;
  #expired: Sequence = 0;
  #isAsking = false;
  #isTrimming = false;
  /** The size of the last record that could not be stored. */
  #refusedBytes = 0;
  #closed: Promise<void> | undefined;
  /** Tells the caller that the stream does not continue. */
  #restarting: Promise<void> | undefined;

  /** @throws PharosError `bad-config` if the stream's name is not allowed, or the credentials cannot be used */
  constructor(options: NatsLogOptions) {
    this.#options = options;
    this.#names = streamNames(options.name);
    checkFiles(options);
    this.#sizes = new RecordSizes({ after: 0, limitBytes: options.limits.bytes });
  }

  get state(): LogState {
    return this.#state;
  }

  get figures(): LogFigures {
    return { bytes: this.#opened?.watch.extent.bytes ?? 0, segments: 1 };
  }

  get maxRecordBytes(): number {
    return this.#parts.engine.maxPayload - messageOverheadBytes;
  }

  get first(): Sequence {
    return Math.max(this.#parts.watch.extent.first, this.#expired + 1);
  }

  get head(): Sequence {
    return this.#parts.watch.extent.head;
  }

  async open(): Promise<void> {
    const engine = await openEngine(this.#opening);
    void engine.watch({
      disconnected: () => {
        this.#leave("unreachable", "the connection to NATS is lost");
        this.#following?.follower.connectionChanged();
      },
      connected: () => this.#following?.follower.connectionChanged(),
      denied: (error) => this.#opened?.appends.denied(error),
    });
    try {
      this.#opened = await this.#openParts(engine);
    } catch (error) {
      await engine.close();
      throw error;
    }
    this.#watching = this.#options.clock.every(watchMs, () => this.#look());
    this.#state = "up";
  }

  secret(): Promise<Buffer> {
    return Promise.resolve(this.#parts.secret);
  }

  async follow(after: Sequence, caller: LogFollower): Promise<void> {
    const { clock, limits } = this.#options;
    const { engine, watch } = this.#parts;
    const sizes = new RecordSizes({ after, limitBytes: limits.bytes });
    this.#sizes = sizes;
    const follower = new StreamFollower(
      { engine, names: this.#names, clock, after, ask: (signal) => watch.answered(signal) },
      {
        take: (record) => {
          const { sequence, payload } = record;
          this.#silentWatches = 0;
          const bytes = payload.length + storedOverheadBytes;
          watch.saw(sequence, bytes);
          sizes.add({ sequence, bytes });
          return caller.take(record);
        },
        lost: (upTo) => caller.lost(upTo),
        interrupted: (reason) => this.#leave("unreachable", reason),
        restarted: (reason) => void (this.#restarting = this.#restart(reason)),
        failed: (error) => this.#takeFailed(error),
      },
    );
    this.#following = { caller, follower };
    const { head } = watch.extent;
    follower.start();
    await follower.until(head);
    await this.#restarting;
    if (!follower.has(head)) throw unreachable("the log was closed, or does not continue its records");
  }

  append(payload: Buffer): Promise<Sequence> {
    const refusal = this.#refusal(payload);
    if (refusal !== undefined) return Promise.reject(refusal);
    const { appends, watch } = this.#parts;
    return appends.add(payload).then((sequence) => {
      watch.saw(sequence, payload.length + storedOverheadBytes);
      return sequence;
    });
  }

  async recover(): Promise<void> {
    const { engine, watch } = this.#parts;
    if (this.#state === "full") {
      const info = await watch.ask();
      if (!(await hasSpace({ manager: engine.manager, info }, this.#refusedBytes)))
        throw unreachable("the stream of NATS, or its account, has no space");
    }
    const follower = this.#following?.follower;
    if (follower === undefined) await watch.ask();
    else await atMost(this.#options.clock, recoverMs, follower.renew());
    if (this.#closed !== undefined || follower?.isLive === false) throw unreachable("NATS does not respond");
    this.#silentWatches = 0;
    this.#state = "up";
  }

  async latest(): Promise<Sequence> {
    const { state } = await this.#parts.watch.asked();
    return state.last_seq;
  }

  async read(after: Sequence, maxBytes: number): Promise<readonly StoredRecord[]> {
    const { engine } = this.#parts;
    const { first, head } = this;
    if (after >= head || first > head) return [];
    const { clock } = this.#options;
    const from = Math.max(after + 1, first);
    return readRecords({ engine, stream: this.#names.records, from, clock }, maxBytes);
  }

  /** Old records are removed when the log looks at the stream the next time. */
  expire(upTo: Sequence): Promise<void> {
    this.#expired = Math.max(this.#expired, upTo);
    return Promise.resolve();
  }

  bytesAfter(after: Sequence): number {
    return this.#sizes.bytesAfter(after, this.#parts.watch.extent);
  }

  async snapshots(): Promise<readonly Sequence[]> {
    const { state, watch } = this.#parts;
    const info = await watch.asked();
    return state.snapshots(info.state.last_seq);
  }

  saveSnapshot(sequence: Sequence, chunks: AsyncIterable<Buffer>): Promise<void> {
    return this.#parts.state.save(sequence, chunks);
  }

  loadSnapshot(sequence: Sequence): AsyncIterable<Buffer> {
    return this.#parts.state.load(sequence);
  }

  removeSnapshot(sequence: Sequence): Promise<void> {
    return this.#parts.state.remove(sequence);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    this.#watching?.cancel();
    if (this.#opened === undefined) return;
    const { engine, appends } = this.#opened;
    if (this.#state === "up") await atMost(this.#options.clock, closeMs, appends.settled());
    this.#state = "unreachable";
    appends.rejectAll(new PharosError("closed", "the log is closed"));
    this.#following?.follower.close();
    await engine.close();
  }

  async #openParts(engine: Engine): Promise<Parts> {
    const { clock } = this.#options;
    const info = await openLogStreams(this.#opening, engine);
    const state = new StateStream({ engine, names: this.#names });
    const secret = await untilDone(this.#opening, () => state.secret());
    const { records: stream, subject } = this.#names;
    const failed = (error: unknown, payload: Buffer): void => this.#appendFailed(error, payload);
    return {
      engine,
      watch: new StreamWatch({ engine, clock, info }),
      appends: new Appends({ engine, clock, stream, subject, failed }),
      state,
      secret,
    };
  }

  get #parts(): Parts {
    if (this.#opened === undefined) throw unreachable("the log is not open");
    return this.#opened;
  }

  get #opening(): Opening {
    const own = this.#closing.signal;
    const { signal = own } = this.#options;
    return { options: this.#options, names: this.#names, signal: AbortSignal.any([own, signal]) };
  }

  #refusal(payload: Buffer): PharosError | undefined {
    if (this.#closed !== undefined) return new PharosError("closed", "the log is closed");
    if (this.#state !== "up") return unreachable(`the log is ${this.#state}`);
    if (payload.length > 0 && payload.length <= this.maxRecordBytes) return undefined;
    return new PharosError(
      "too-large",
      `a record has 1 to ${this.maxRecordBytes} bytes, not ${payload.length}`,
    );
  }

  #appendFailed(error: unknown, payload: Buffer): void {
    this.#refusedBytes = payload.length;
    this.#leave(isFull(error) ? "full" : "unreachable", messageOf(error));
  }

  /** Leaves `up`, and rejects what is not acknowledged. */
  #leave(state: "full" | "unreachable", reason: string): void {
    if (this.#closed !== undefined || this.#state === state || this.#state === "starting") return;
    const wasUp = this.#state === "up";
    this.#state = state;
    this.#options.logger.warn({ state, reason }, "the journal on NATS stores nothing");
    this.#parts.appends.rejectAll(unreachable(reason));
    if (wasUp) this.#following?.caller.down();
  }

  #look(): void {
    this.#silentWatches += 1;
    if (this.#silentWatches >= mostSilentWatches) this.#leave("unreachable", "NATS does not respond");
    this.#parts.appends.look();
    void this.#watch();
  }

  async #watch(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      const info = await this.#parts.watch.ask();
      this.#silentWatches = 0;
      this.#following?.follower.compare(info);
      this.#watches += 1;
      if (this.#watches % watchesPerTrim === 0) void this.#trim(info);
    } catch {
      // While there is no leader, no response comes in time. The next looks decide.
    } finally {
      this.#isAsking = false;
    }
  }

  /** Works beside the questions: while nobody leads the stream of snapshots, this takes long. */
  async #trim(info: StreamInfo): Promise<void> {
    if (this.#isTrimming) return;
    this.#isTrimming = true;
    const { limits } = this.#options;
    const { engine, watch } = this.#parts;
    const snapshots = () => this.snapshots();
    const wanted = { extent: watch.extent, sizes: this.#sizes, limits, expired: this.#expired, snapshots };
    try {
      await trimLog({ manager: engine.manager, info, ...wanted });
    } catch {
      // The next trim is due soon.
    } finally {
      this.#isTrimming = false;
    }
  }

  async #restart(reason: string): Promise<void> {
    const { logger } = this.#options;
    this.#leave("unreachable", reason);
    logger.error({ reason }, "the stream of NATS has lost records that this hub had taken; loading again");
    try {
      this.#parts.watch.restart(await openLogStreams(this.#opening, this.#parts.engine));
      this.#following?.caller.restarted();
    } catch (error) {
      if (this.#closed !== undefined) return;
      logger.error({ error }, "the journal on NATS cannot go on");
      this.#following?.caller.restarted();
    }
  }

  #takeFailed(error: unknown): void {
    this.#options.logger.error(
      { error },
      "a record of the journal could not be used; the hub follows it no more",
    );
    this.#leave("unreachable", messageOf(error));
    this.#following?.caller.restarted();
  }
}

function unreachable(reason: string): PharosError {
  return new PharosError("unreachable", reason);
}

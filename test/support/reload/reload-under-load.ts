import { startHub, type HubProcess } from "../hub-process.js";
import { startLoadClients, type LoadGroup } from "../load/client.js";
import type { CountName } from "../load/counts.js";
import type { Snapshot } from "../load/protocol.js";
import { startProducer } from "../producer.js";
import { detail, hubUrl, issuer, signCurrent } from "../token.js";
import { hangUp, SettingsFile } from "./settings-file.js";

export interface ReloadLoad {
  /** The setting `workers` of the hub. */
  readonly workers: number;
  /** Streams, each with a token of the first key. */
  readonly clients: number;
  /** The number of reloads. Each replaces the key of the tokens, and a limit. */
  readonly reloads: number;
  /** Publications to all clients per second. @default 100 */
  readonly perSecond?: number;
}

export interface ReloadFigures {
  /** Faults of the streams, as {@link LoadGroup.faults}; `{}` if every client got everything once and in order. */
  readonly faults: Partial<Record<CountName, number>>;
  /** The streams that are still open at the end. */
  readonly open: number;
  /** The requests with another response than the keys of the moment allow. */
  readonly wronglyAnswered: readonly string[];
  /** The requests with a token during and after the reloads. */
  readonly requests: number;
  /** The time from each SIGHUP to the log line about it, in milliseconds. */
  readonly reloadMs: readonly number[];
  readonly snapshot: Snapshot;
}

const within = 120_000;

/** The next reload waits until every client has this many more publications. */
const publicationsPerReload = 5;

/**
 * Replaces the key of a hub again and again while all clients receive events and publishers send requests. After each
 * reload, a token of the new key must be accepted, and one of the earlier key refused.
 */
export async function reloadUnderLoad(load: ReloadLoad): Promise<ReloadFigures> {
  const { workers, clients, reloads, perSecond = 100 } = load;
  const file = await SettingsFile.create(settingsWith(0, workers));
  const hub = await startHub({ args: ["--config", file.path] });
  const group = await openStreams(hub, clients);
  const producer = await startProducer({ endpoint: hub.ingest, pace: { kind: "rate", perSecond } });
  const publisher = new Publisher(hub);
  const reloadMs: number[] = [];
  for (let key = 1; key <= reloads; key += 1) {
    await file.write(settingsWith(key, workers));
    // The hub may answer these requests before or after the reload.
    const during = [publisher.publish(key - 1, [200, 401]), publisher.publish(key, [200, 401])];
    reloadMs.push(await hangUp(hub));
    await Promise.all([...during, publisher.publish(key, [200]), publisher.publish(key - 1, [401])]);
    await group.waitSequence({ atLeast: key * publicationsPerReload, within });
  }
  const { last } = await producer.stop();
  // The last publication may not have reached the hub.
  await group.waitSequence({ atLeast: (last.get("load") ?? 0) - 1, within });
  const snapshot = await group.snapshot();
  const faults = await group.faults();
  return { faults, open: snapshot.counts.open, ...publisher.figures, reloadMs, snapshot };
}

/** Each key goes with a limit of its own, so that every reload also changes a limit. */
function settingsWith(key: number, workers: number): object {
  return {
    publicUrl: hubUrl,
    tokenIssuer: issuer,
    tokenSecret: secretOf(key),
    workers,
    limits: { topicsPerPublication: 10 + key },
  };
}

function secretOf(key: number): string {
  return `the secret number ${key} of these tests, more than 32 bytes`;
}

function tokenOf(key: number): Promise<string> {
  const authorization_details = [detail("publish", ["*"]), detail("subscribe", ["*"])];
  return signCurrent({ claims: { authorization_details }, key: Buffer.from(secretOf(key)) });
}

async function openStreams(hub: HubProcess, clients: number): Promise<LoadGroup> {
  const headers = { authorization: `Bearer ${await tokenOf(0)}` };
  const spec = { name: "readers", clients, port: hub.httpPort, headers, firstSequence: 1 };
  return startLoadClients().open(spec, { within });
}

/** Publishes with tokens of several keys, to a topic that no stream has. */
class Publisher {
  readonly #hub: HubProcess;
  readonly #wronglyAnswered: string[] = [];
  #requests = 0;

  constructor(hub: HubProcess) {
    this.#hub = hub;
  }

  get figures(): Pick<ReloadFigures, "wronglyAnswered" | "requests"> {
    return { wronglyAnswered: this.#wronglyAnswered, requests: this.#requests };
  }

  async publish(key: number, allowed: readonly number[]): Promise<void> {
    const headers = { authorization: `Bearer ${await tokenOf(key)}` };
    const init = { method: "POST", headers, body: "x" };
    const response = await fetch(`${this.#hub.httpUrl}/publish/elsewhere`, init);
    await response.arrayBuffer();
    this.#requests += 1;
    if (!allowed.includes(response.status))
      this.#wronglyAnswered.push(`key ${key}: ${response.status} instead of ${allowed.join(" or ")}`);
  }
}

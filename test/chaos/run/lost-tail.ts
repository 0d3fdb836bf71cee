import { randomOf } from "../../support/storm/storm-topics.js";
import { currentToken } from "../../support/token.js";
import { CallNumbers } from "../clients/call-numbers.js";
import { chaosSubscribers } from "../clients/crowd.js";
import { ChaosPublisher } from "../clients/http-publisher.js";
import { readStored } from "../clients/reader-at-end.js";
import type { ChaosSubscriber } from "../clients/subscriber.js";
import { Recorder } from "../history/recorder.js";
import type { History } from "../history/steps.js";
import type { ChaosHub } from "../site/chaos-hub.js";
import { losses } from "../site/lossy-site.js";
import type { Loss, LossySite, LossySiteOptions } from "../site/lossy-site.js";
import type { Rule } from "../verdict/case.js";

export interface LostTail {
  readonly history: History;
  /** The clients that must get a gap. */
  readonly owedGap: readonly string[];
}

/** The rules that a log breaks which loses records: this is the fault of its operator, and no hub can mend it. */
export const brokenByLoss: readonly Rule[] = [
  "acknowledged-lost",
  "seen-and-gone",
  "repeated",
  "out-of-order",
];

const topic = "t";
/** Enough for a new publication to get the number of a lost one, if numbers are given again. */
const perPart = 12;
const within = 240_000;

/**
 * Publishes, loses the newest publications, publishes again, and records what clients of all transports got. Some
 * clients are away while the publications are published that the log loses: they need no gap. Clients whose position is
 * a time need none either: everything that they have not got has a later time.
 */
export async function lostTail(loss: Loss, options: LossySiteOptions): Promise<LostTail> {
  const site: LossySite = await losses[loss](options);
  const { hubs, copy, lose, goOn, losesAll } = site;
  const clients = await openClients(hubs, options);
  const { recorder, ahead, behind, publisher } = clients;
  const all = [...ahead, ...behind];
  recorder.subscribers.push(
    ...all.map(({ name, topics, mayReadPrivate, idFamily }) => ({ name, topics, mayReadPrivate, idFamily })),
  );
  await Promise.all(all.map((each) => each.start()));
  await everybodyHas(all, await publishSome(publisher));
  await copy();
  clients.leave();
  await everybodyHas(ahead, await publishSome(publisher));
  recorder.record({ kind: "fault", name: loss });
  await lose();
  clients.useFirstHub(goOn !== undefined);
  await publishSome(publisher);
  goOn?.();
  clients.useFirstHub(false);
  const last = await publishSome(publisher);
  clients.comeBack();
  await everybodyHas(all, last);
  for (const { address, port } of hubs) {
    const entries = await readStored({ address, port, token: clients.token }, { last, within });
    recorder.record({ kind: "stored", node: `port ${port}`, entries });
  }
  const owed = losesAll === true ? all : ahead.filter(({ idFamily }) => idFamily === "event-id");
  return { history: recorder, owedGap: owed.map(({ name }) => name) };
}

/** Publishes some publications one by one. Returns the data of the last one. */
async function publishSome(publisher: ChaosPublisher): Promise<string> {
  let last = "";
  for (let count = 0; count < perPart; count += 1) last = await publisher.publishSurely(topic);
  return last;
}

async function everybodyHas(these: readonly ChaosSubscriber[], data: string): Promise<void> {
  await Promise.all(these.map((each) => each.has(data, { within })));
}

async function openClients(hubs: readonly ChaosHub[], { ends }: LossySiteOptions) {
  const recorder = new Recorder();
  const random = randomOf(1);
  const token = await currentToken({ subscribe: ["*"], publish: ["*"], lifetimeSeconds: 7200 });
  const shared = { recorder, random, topics: [topic], token, calls: new CallNumbers() };
  let areAway = false;
  let usesFirst = false;
  const anyPort = (): number => hubs[Math.floor(random() * hubs.length)]?.port ?? 0;
  const publisher = new ChaosPublisher({
    ...shared,
    name: "a1",
    url: () => `http://127.0.0.1:${usesFirst ? (hubs[0]?.port ?? 0) : anyPort()}`,
    paceMs: 20,
  });
  const ahead = hubs.flatMap((hub) =>
    chaosSubscribers({ ...shared, count: 8, group: `ahead at ${hub.port}: `, port: () => hub.port }),
  );
  // Nothing listens on port 1.
  const port = (): number => (areAway ? 1 : anyPort());
  const behind = chaosSubscribers({ ...shared, count: 8, group: "behind: ", port });
  ends.add(async () => {
    await publisher.abandon();
    await Promise.all([...ahead, ...behind].map((each) => each.stop()));
  });
  return {
    recorder,
    token,
    publisher,
    ahead,
    behind,
    leave: (): void => {
      areAway = true;
      for (const each of behind) each.cut();
    },
    comeBack: (): void => void (areAway = false),
    useFirstHub: (isOn: boolean): void => void (usesFirst = isOn),
  };
}

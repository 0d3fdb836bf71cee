import type { NodeId, OwnNode } from "../../../../src/journal/nodes.js";
import { VirtualClock } from "../../../support/virtual-clock.js";
import { MemoryLogStore } from "../../log/memory-log.js";
import { LoggedSite } from "../logged-site.js";
import type { LoggedSiteOptions } from "../logged-site.js";

/** The time that passes between two looks at what the hubs have sent, in milliseconds. */
const stepMs = 250;

/** A hub of a {@link NodeCluster}. */
export interface ClusterNode {
  readonly site: LoggedSite;
  readonly id: NodeId;
  /** What `onGone` has told: the hub that is gone, and the one that has noticed it. */
  readonly gone: (readonly [node: NodeId, by: NodeId])[];
}

/** Several hubs with one log and one clock, which the test moves. */
export class NodeCluster {
  readonly clock = new VirtualClock();
  readonly store: MemoryLogStore;

  constructor(store = new MemoryLogStore()) {
    this.store = store;
  }

  /** Starts a hub, which writes its first beat. */
  async start(own: Partial<OwnNode> = {}, options: LoggedSiteOptions = {}): Promise<ClusterNode> {
    const { store, clock } = this;
    const opening = new LoggedSite({ ...options, store, clock, isShared: true });
    const { nodes } = opening.journal;
    if (nodes === undefined) throw new Error("a shared journal has hubs");
    const gone: (readonly [NodeId, NodeId])[] = [];
    nodes.onGone((node, by) => void gone.push([node, by]));
    const site = await opening.open();
    nodes.begin({
      name: "hub",
      version: "1.0.0",
      startedAtMs: clock.now(),
      streams: () => 0,
      isDegraded: () => false,
      ...own,
    });
    await this.pass(0);
    return { site, id: nodes.self, gone };
  }

  /** Lets time pass, and lets all hubs do their work meanwhile. */
  async pass(ms: number): Promise<void> {
    const endMs = this.clock.monotonic() + ms;
    do {
      this.clock.advance(Math.min(stepMs, endMs - this.clock.monotonic()));
      await this.settle();
    } while (this.clock.monotonic() < endMs);
  }

  /** Lets all hubs do what they can do without time passing. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 4; turn += 1) {
      this.clock.runEndOfTurn();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Ends a hub as a crash does: it writes nothing more. */
  kill({ site }: ClusterNode): void {
    site.log.isCut = true;
    void site.log.close();
  }
}

/** The ids of the hubs that a hub knows. */
export function liveOf({ site }: ClusterNode): readonly NodeId[] {
  return (site.journal.nodes?.live ?? []).map(({ beat }) => beat.node);
}

import { createNodeId } from "../journal/nodes.js";
import type { NodeId, Nodes } from "../journal/nodes.js";

/** The hubs whose streams presence reports. */
export interface PresenceNodes {
  readonly self: NodeId;
  /** True if this hub reports the ends for hubs that have ended: of the live hubs, it is the one with the smallest name. */
  readonly isFirst: boolean;
  isLive(node: NodeId): boolean;
  /** Calls `listener` when a hub joins or is gone, in the order of the journal. */
  onChange(listener: () => void): void;
}

/** @param nodes undefined if this hub alone uses the journal */
export function presenceNodes(nodes: Nodes | undefined): PresenceNodes {
  return nodes === undefined ? soleNode(createNodeId()) : commonNodes(nodes);
}

/** The only hub that uses a journal. */
export function soleNode(self: NodeId): PresenceNodes {
  return { self, isFirst: true, isLive: (node) => node === self, onChange: () => undefined };
}

function commonNodes(nodes: Nodes): PresenceNodes {
  const { self } = nodes;
  return {
    self,
    get isFirst() {
      return nodes.isLive(self) && nodes.live.every(({ beat: { node } }) => node >= self);
    },
    isLive: (node) => nodes.isLive(node),
    onChange: (listener) => {
      nodes.onJoined(listener);
      nodes.onGone(listener);
    },
  };
}

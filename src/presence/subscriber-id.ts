import { randomUUID } from "node:crypto";
import { parseNodeId } from "../journal/nodes.js";
import type { NodeId } from "../journal/nodes.js";

const idForm = /^urn:uuid:([0-9a-f]{8})-([0-9a-f]{4})-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * Makes the id of a new subscriber: a UUID of version 8 [RFC 9562, 5.8]. Its first 48 bits name the hub, so that every
 * hub knows whose subscriber it is. The other 74 bits are random, so a client cannot predict or choose the id.
 */
export function createSubscriberId(node: NodeId): string {
  return `urn:uuid:${node.slice(0, 8)}-${node.slice(8)}-8${randomUUID().slice(15)}`;
}

/** The hub to which a subscriber belongs; undefined for any other text. */
export function nodeOfSubscriber(id: string): NodeId | undefined {
  const [, start, end] = idForm.exec(id) ?? [];
  return start === undefined || end === undefined ? undefined : parseNodeId(start + end);
}

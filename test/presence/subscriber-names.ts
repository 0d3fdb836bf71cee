import { createNodeId, parseNodeId } from "../../src/journal/nodes.js";
import type { NodeId } from "../../src/journal/nodes.js";

/** The hub of a test with one hub. */
export const testNode = nodeNamed(10);

/** The hub with this number. */
export function nodeNamed(number: number): NodeId {
  return parseNodeId(number.toString(16).padStart(12, "0")) ?? createNodeId();
}

/** The id of a subscriber of a hub. The name has at most 6 characters of ASCII. */
export function idOf(name: string, node: string = testNode): string {
  const hex = Buffer.from(name.padEnd(6, "_")).toString("hex");
  return `urn:uuid:${node.slice(0, 8)}-${node.slice(8)}-8000-8000-${hex}`;
}

/** The name of the subscriber with this id. */
export function nameOf(id: string): string {
  return Buffer.from(id.slice(-12), "hex").toString().replaceAll("_", "");
}

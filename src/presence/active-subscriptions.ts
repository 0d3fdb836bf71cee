import type { NodeId } from "../journal/nodes.js";
import type { SubscriptionDocument } from "./documents.js";

/** Memory for a subscription without its texts, in bytes: the document, and its places in three indexes. */
const overheadBytes = 400;

/** A subscription that has begun, and has not ended. */
export interface ListedSubscription {
  /** The document of its start event. */
  readonly document: SubscriptionDocument;
  /** The hub to which the subscriber belongs. */
  readonly node: NodeId;
  readonly bytes: number;
}

/**
 * The subscriptions after all presence events that this hub has applied: those of all hubs that use the journal. All
 * hubs have the same subscriptions at each position.
 */
export class ActiveSubscriptions {
  readonly #byId = new Map<string, ListedSubscription>();
  readonly #byText = new Groups<string>();
  readonly #byNode = new Groups<NodeId>();
  #version = 0;
  #bytes = 0;

  get size(): number {
    return this.#byId.size;
  }

  /** A number that changes with each change of the subscriptions. */
  get version(): number {
    return this.#version;
  }

  /** Memory for all subscriptions, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  get(id: string): ListedSubscription | undefined {
    return this.#byId.get(id);
  }

  /** Adds a subscription of this hub. Replaces a subscription with the same id. */
  add(document: SubscriptionDocument, node: NodeId): void {
    this.remove(document.id);
    const listed = { document, node, bytes: memoryFor(document) };
    this.#byId.set(document.id, listed);
    this.#byText.add(document.match, listed);
    this.#byNode.add(node, listed);
    this.#bytes += listed.bytes;
  }

  /** Has no effect for an unknown id. */
  remove(id: string): void {
    this.#version += 1;
    const listed = this.#byId.get(id);
    if (listed === undefined) return;
    this.#byId.delete(id);
    this.#byText.remove(listed.document.match, listed);
    this.#byNode.remove(listed.node, listed);
    this.#bytes -= listed.bytes;
  }

  /** All subscriptions, in the order of their start events. */
  all(): Iterable<ListedSubscription> {
    return this.#byId.values();
  }

  /** The subscriptions with a matcher of this text, in the order of their start events. */
  of(text: string): ReadonlySet<ListedSubscription> {
    return this.#byText.of(text);
  }

  /** The subscriptions of a hub's clients. */
  ofNode(node: NodeId): ReadonlySet<ListedSubscription> {
    return this.#byNode.of(node);
  }

  /** The hubs whose clients have subscriptions. */
  nodes(): Iterable<NodeId> {
    return this.#byNode.keys();
  }
}

const none: ReadonlySet<ListedSubscription> = new Set();

class Groups<Key> {
  readonly #groups = new Map<Key, Set<ListedSubscription>>();

  keys(): Iterable<Key> {
    return this.#groups.keys();
  }

  of(key: Key): ReadonlySet<ListedSubscription> {
    return this.#groups.get(key) ?? none;
  }

  add(key: Key, listed: ListedSubscription): void {
    const group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, new Set([listed]));
    else group.add(listed);
  }

  remove(key: Key, listed: ListedSubscription): void {
    const group = this.#groups.get(key);
    group?.delete(listed);
    if (group?.size === 0) this.#groups.delete(key);
  }
}

function memoryFor({ id, match, subscriber, payload }: SubscriptionDocument): number {
  const payloadBytes = payload === undefined ? 0 : 2 * JSON.stringify(payload).length;
  return overheadBytes + id.length + 2 * match.length + subscriber.length + payloadBytes;
}

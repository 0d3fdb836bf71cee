import { silentMetrics } from "../../src/base/metrics.js";
import { Authenticator } from "../../src/gateway/access/authenticator.js";
import { WebSocketOrigins } from "../../src/gateway/access/websocket-origins.js";
import { Gateway } from "../../src/gateway/gateway.js";
import { Publisher } from "../../src/gateway/publishing/publisher.js";
import { Hub } from "../../src/hub/hub.js";
import { parseEpoch } from "../../src/hub/publications/position.js";
import { parsePublication } from "../../src/hub/publications/publication.js";
import type { PublicationInput } from "../../src/hub/publications/publication.js";
import { MemoryJournal } from "../../src/journal/memory/memory-journal.js";
import { defaultHistoryLimits } from "../../src/limits/history.js";
import type { HistoryLimits } from "../../src/limits/history.js";
import { defaultPublicationLimits } from "../../src/limits/publications.js";
import { eventStreamResource } from "../../src/protocols/pharos/esupdates.js";
import { webSocketResource } from "../../src/protocols/pharos/websocket.js";
import { hubUrl } from "../support/token.js";
import type { ScheduledClock } from "./scheduled-clock.js";
import { ScheduledVerifier } from "./tokens.js";

/** A publication as the journal has stored it. */
export interface Published {
  readonly offset: number;
  readonly topics: readonly string[];
  readonly isPrivate: boolean;
}

/** The hub's process without its fronts: journal, hub, and a gateway with streams and WebSockets. */
export class HubWorld {
  readonly clock: ScheduledClock;
  readonly verifier: ScheduledVerifier;
  readonly hub: Hub;
  readonly gateway: Gateway;
  readonly published: Published[] = [];
  readonly #journal: MemoryJournal;
  readonly #offsets = new Map<string, number>();

  constructor(clock: ScheduledClock, limits: Partial<HistoryLimits> = {}) {
    const epoch = parseEpoch("e");
    if (epoch === undefined) throw new Error("e is an epoch");
    this.clock = clock;
    this.verifier = new ScheduledVerifier(clock);
    this.#journal = new MemoryJournal({
      epoch,
      clock,
      metrics: silentMetrics,
      limits: { ...defaultHistoryLimits, ...limits },
    });
    this.hub = new Hub({ history: this.#journal, clock });
    this.#journal.follow(this.hub);
    this.gateway = this.#createGateway();
  }

  get head(): number {
    return this.#journal.head;
  }

  publish(input: Omit<PublicationInput, "data">, bytes: number): void {
    const publication = parsePublication({ ...input, data: "x".repeat(bytes) });
    const { offset, id } = this.#journal.append(publication);
    this.#offsets.set(id, offset);
    this.published.push({ offset, topics: publication.topics, isPrivate: publication.private });
  }

  /** The offset of an event id. */
  offsetOf(id: string): number {
    const position = /^#e:(\d+)$/.exec(id);
    const offset = position === null ? this.#offsets.get(id) : Number(position[1]);
    if (offset === undefined) throw new Error(`nothing was published with the id ${id}`);
    return offset;
  }

  #createGateway(): Gateway {
    const { clock, verifier } = this;
    const authenticator = new Authenticator({ verifier, anonymous: true, publishOrigins: [] });
    const publishing = new Publisher({
      authenticator,
      append: (publication) => this.#journal.append(publication),
      room: () => undefined,
      limits: defaultPublicationLimits,
      clock,
      open: false,
    });
    const streams = { retryMs: () => 5000, heartbeatMs: 15_000, filtersPerConnection: 20, filterBytes: 64 };
    const origins = new WebSocketOrigins({ hubUrl, corsOrigins: [] });
    return new Gateway({
      corsOrigins: [],
      resources: [
        webSocketResource({ streams, authenticator, publishing, origins }),
        eventStreamResource({ streams, authenticator, history: this.#journal }),
      ],
    });
  }
}

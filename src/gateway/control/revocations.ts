import { randomUUID } from "node:crypto";
import type { Clock } from "../../base/clock.js";
import type { Metrics } from "../../base/metrics.js";
import type { Journal } from "../../journal/journal.js";
import { SnapshotItem } from "../../journal/snapshot-item.js";
import type { SnapshotPart } from "../../journal/snapshot-part.js";
import {
  encodeRevocation,
  parseRevocation,
  revocationsPart,
  revokes,
  type Revocation,
} from "./revocation.js";
import type { RevokedTokens } from "./revoked-tokens.js";
import type { TokenClients } from "./token-clients.js";

export interface RevocationsOptions {
  readonly revoked: RevokedTokens;
  readonly clients: Pick<TokenClients, "end">;
  readonly journal: Pick<Journal, "commitNote">;
  readonly clock: Pick<Clock, "endOfTurn" | "now">;
  readonly metrics: Metrics;
}

/**
 * Revokes tokens. A revocation is a note in the journal, so all hubs that use the journal refuse the tokens, and end the
 * streams of their clients. The list of revoked tokens is a part of the journal's state.
 */
export class Revocations implements SnapshotPart {
  readonly name = revocationsPart;
  readonly #options: RevocationsOptions;
  /** Gets the number of ended streams, by the name of the request. */
  readonly #waiting = new Map<string, (ended: number) => void>();

  constructor(options: RevocationsOptions) {
    this.#options = options;
  }

  /**
   * Revokes tokens, and ends the streams and polls of their clients, at all hubs. If the tokens have expired already,
   * nothing happens.
   *
   * @returns the number of streams and polls of this hub that ended
   * @throws PharosError `too-many-revocations` if the list is full; the errors of {@link Journal.commitNote}
   */
  async revoke(revocation: Revocation): Promise<number> {
    const { revoked, journal, clock, metrics } = this.#options;
    if (revocation.untilMs <= clock.now()) return 0;
    const release = revoked.reserve(revocation);
    const request = randomUUID();
    let ended = 0;
    this.#waiting.set(request, (count) => void (ended = count));
    try {
      await journal.commitNote(this.name, { ...encodeRevocation(revocation), request });
    } finally {
      release();
      this.#waiting.delete(request);
    }
    metrics.count("revocations_total", 1, { by: revocation.by });
    return ended;
  }

  note(value: unknown): void {
    const { revoked, clients, clock } = this.#options;
    const revocation = parseRevocation(value);
    revoked.add(revocation);
    const end = (): number => clients.end((grants) => revokes(revocation, grants), "revoked");
    const ended = end();
    // A WebSocket may just have renewed its token: the token was verified, but is not that of the stream yet.
    clock.endOfTurn(end);
    this.#waiting.get(new SnapshotItem(this.name, value).text("request"))?.(ended);
  }

  save(): readonly unknown[] {
    return this.#options.revoked.all().map(encodeRevocation);
  }

  load(item: unknown): void {
    this.#options.revoked.add(parseRevocation(item));
  }
}

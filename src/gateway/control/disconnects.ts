import { randomUUID } from "node:crypto";
import type { Grants } from "../../auth/grants/grants.js";
import { PharosError } from "../../base/errors.js";
import type { Journal } from "../../journal/journal.js";
import { SnapshotItem } from "../../journal/snapshot-item.js";
import type { SnapshotPart } from "../../journal/snapshot-part.js";
import type { TokenClients } from "./token-clients.js";

/** The clients to disconnect. */
export interface DisconnectedClients {
  /** The `sub` of their tokens. */
  readonly subject: string;
  /** The `iss` of their tokens. @default any */
  readonly issuer?: string | undefined;
}

export interface DisconnectsOptions {
  readonly clients: Pick<TokenClients, "end">;
  readonly journal: Pick<Journal, "commitNote">;
}

/**
 * Disconnects clients. A disconnect is a note in the journal, so each hub that uses the journal ends its own streams. It
 * leaves no state behind: the clients may connect again.
 */
export class Disconnects implements SnapshotPart {
  readonly name = "disconnects";
  readonly #options: DisconnectsOptions;
  /** Gets the number of clients, by the name of the request. */
  readonly #waiting = new Map<string, (ended: number) => void>();

  constructor(options: DisconnectsOptions) {
    this.#options = options;
  }

  /**
   * Ends the streams and polls of the clients, at all hubs.
   *
   * @returns the number of streams and polls of this hub that ended
   * @throws PharosError as {@link Journal.commitNote}
   */
  async disconnect(clients: DisconnectedClients): Promise<number> {
    const request = randomUUID();
    let ended = 0;
    this.#waiting.set(request, (count) => void (ended = count));
    try {
      await this.#options.journal.commitNote(this.name, { request, ...clients });
    } finally {
      this.#waiting.delete(request);
    }
    return ended;
  }

  note(value: unknown): void {
    const fields = new SnapshotItem(this.name, value);
    const request = fields.text("request");
    const subject = fields.text("subject");
    const issuer = fields.has("issuer") ? fields.text("issuer") : undefined;
    const selects = (grants: Grants): boolean =>
      grants.subject === subject && (issuer === undefined || grants.issuer === issuer);
    const ended = this.#options.clients.end(selects, "disconnected");
    this.#waiting.get(request)?.(ended);
  }

  save(): readonly unknown[] {
    return [];
  }

  load(): never {
    throw new PharosError("bad-snapshot", `the part "${this.name}" of a snapshot has no items`);
  }
}

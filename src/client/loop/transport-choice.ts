import type { Trouble } from "../messages/refusal.js";

/**
 * - `unknown`: the transport has not opened a stream in this network.
 * - `worked`: the last streams of the transport delivered data.
 * - `suspect`: a server between client and hub held the transport's data back.
 * - `impossible`: the platform does not have the transport.
 */
export type Trust = "unknown" | "worked" | "suspect" | "impossible";

/**
 * - `waiting`: no round is in progress. A round tries the transports one after another, without a wait.
 * - `trying`: a round is in progress. `left` has the transports that the round has not tried.
 * - `open`: a stream is open.
 */
export type ChoiceState =
  | { readonly kind: "waiting" }
  | { readonly kind: "trying"; readonly transport: number; readonly left: readonly number[] }
  | { readonly kind: "open"; readonly transport: number };

/**
 * The numbers of failures in a row after which a round also tries the other transports. A deploy of a hub takes a few
 * seconds, in which every transport fails.
 */
const patience = Object.freeze({ other: 3, busyAfterWork: 10 });

interface TransportRecord {
  trust: Trust;
  /** The number of failures since the last stream. */
  failures: number;
  /** The number of the suspicion, counted over all transports; 0 if the transport is not suspect. */
  suspected: number;
}

/**
 * Chooses the transport of each attempt. The state changes only by calls, so that a test can try every order of
 * failures. A transport is a number; lower numbers are better. A round begins with the transport that opened last, and
 * goes on with the next transport after a failure. After these failures of its first transport the round ends, and the
 * next round follows after a wait:
 * - no answer at all, because the network may be down;
 * - an answer that says when to come back, or that the server is overloaded or restarts;
 * - another answer without a stream, if the transport has worked before.
 *
 * Many such failures in a row do not end the round any more. If the transport's data was held back, the round always
 * goes on.
 */
export class TransportChoice {
  readonly #records: readonly TransportRecord[];
  #first = 0;
  #suspicions = 0;
  #state: ChoiceState = { kind: "waiting" };

  constructor(count: number) {
    this.#records = Array.from({ length: count }, () => ({
      trust: "unknown",
      failures: 0,
      suspected: 0,
    }));
  }

  get state(): ChoiceState {
    return this.#state;
  }

  /** The transport of the next attempt. Begins a round if none is in progress. */
  next(): number {
    if (this.#state.kind !== "trying") {
      this.#state = { kind: "trying", transport: this.#first, left: this.#othersThan(this.#first) };
    }
    return this.#state.transport;
  }

  /** Call this method when the current attempt has read the first bytes of a stream. */
  opened(): void {
    const transport = this.next();
    this.#set(transport, "worked");
    this.#first = transport;
    this.#state = { kind: "open", transport };
  }

  /** Call this method when the current attempt has failed. Returns true if the next attempt should follow at once. */
  failed(trouble: Trouble, mayRetryLater = false): boolean {
    const transport = this.next();
    const record = this.#record(transport);
    record.failures += 1;
    if (trouble === "held") this.#suspect(record);
    if (trouble === "impossible") record.trust = "impossible";
    const { left } = this.#state.kind === "trying" ? this.#state : { left: [] };
    const [following, ...others] = left;
    const goesOn = following !== undefined && this.#goesOn(trouble, mayRetryLater);
    this.#state = goesOn ? { kind: "trying", transport: following, left: others } : { kind: "waiting" };
    return goesOn;
  }

  /**
   * Call this method when the open stream fell silent. The next round begins with another transport, if there is one.
   * Returns false if there is none.
   */
  fellSilent(): boolean {
    const transport = this.next();
    this.#suspect(this.#record(transport));
    this.#state = { kind: "waiting" };
    const [following = transport] = this.#othersThan(transport);
    this.#first = following;
    return following !== transport;
  }

  /** Call this method when the network may have changed: what worked in the old network may not work in the new one. */
  networkChanged(): void {
    for (const record of this.#records)
      if (record.trust !== "impossible") Object.assign(record, { trust: "unknown", suspected: 0 });
  }

  /** The next round begins with this transport. */
  prefer(transport: number): void {
    this.#first = transport;
  }

  /** The possible transports that are better than the transport of the open stream, the best first. */
  better(): readonly number[] {
    const { state } = this;
    if (state.kind !== "open") return [];
    return [...this.#records.keys()].filter((n) => n < state.transport && this.#isPossible(n));
  }

  trustIn(transport: number): Trust {
    return this.#record(transport).trust;
  }

  /** The other possible transports, the best first. Suspect ones come last, the longest suspected first. */
  #othersThan(transport: number): readonly number[] {
    const others = [...this.#records.keys()].filter((n) => n !== transport && this.#isPossible(n));
    return others.sort((a, b) => this.#record(a).suspected - this.#record(b).suspected || a - b);
  }

  #goesOn(trouble: Trouble, mayRetryLater: boolean): boolean {
    const transport = this.next();
    const { trust, failures } = this.#record(transport);
    // Only the first transport of a round is worth a wait.
    if (transport !== this.#first || trouble === "held" || trouble === "impossible") return true;
    const isRestarting = trouble === "busy" && trust === "worked";
    if (failures >= (isRestarting ? patience.busyAfterWork : patience.other)) return true;
    // Without an answer, the network may be down, and the other transports would fail too.
    if (trust === "worked" || trouble === "network") return false;
    return !mayRetryLater;
  }

  #isPossible(transport: number): boolean {
    return this.trustIn(transport) !== "impossible";
  }

  #suspect(record: TransportRecord): void {
    this.#suspicions += 1;
    Object.assign(record, { trust: "suspect", suspected: this.#suspicions });
  }

  #set(transport: number, trust: Trust): void {
    Object.assign(this.#record(transport), { trust, failures: 0, suspected: 0 });
  }

  #record(transport: number): TransportRecord {
    return this.#records[transport] ?? { trust: "impossible", failures: 0, suspected: 0 };
  }
}

import type { Grants } from "../../auth/grants/grants.js";
import { PharosError } from "../../base/errors.js";
import { LocalTicket } from "../../delivery/joining/local-ticket.js";
import type { TopicFilter } from "../../hub/filters/filter.js";
import type { Matcher, Subscriber } from "../../presence/subscriber.js";
import { parseQuery } from "../../gateway/http/query.js";
import type { ClientLimits } from "../../gateway/limits/client-limits.js";
import { readClientMessage } from "./client-messages.js";
import type { ClientMessage, MessageNumber } from "./client-messages.js";
import type { Dialogue, GatewayRequest, MessageResult } from "../../gateway/http/messages.js";
import type { Publisher } from "../../gateway/publishing/publisher.js";
import { readRights } from "../../gateway/access/read-rights.js";
import type { RefusalLog } from "../../gateway/refusals/refusal-log.js";
import { snapshotRequest } from "../../gateway/http/request-snapshot.js";
import { refuse } from "../../gateway/refusals/refuse.js";
import { isSameSubscriber, presenceSubscriber } from "../../gateway/streams/presence-subscriber.js";
import { parseFilters } from "../../gateway/streams/stream-query.js";
import type { StreamSettings } from "../../gateway/streams/stream-start.js";
import type { Authenticator } from "../../gateway/access/authenticator.js";
import { websocketFormat } from "./websocket-format.js";
import { frameText } from "../../gateway/websocket/frame.js";

export interface WebSocketSessionSettings {
  readonly streams: StreamSettings;
  readonly authenticator: Pick<Authenticator, "subscriber">;
  readonly publishing: Pick<Publisher, "publisher" | "accept" | "publish">;
  /** The limits for each client address. @default none */
  readonly clients?: Pick<ClientLimits, "admitRequest" | "admitPublish" | "holdFilters"> | undefined;
  /** Throws PharosError if the hub's limits do not allow these additional filters. @default no limits */
  readonly checkFilters?: ((added: readonly TopicFilter[]) => void) | undefined;
  /** Counts and logs error answers. @default none */
  readonly refusals?: Pick<RefusalLog, "note"> | undefined;
}

export interface WebSocketSessionOptions {
  readonly settings: WebSocketSessionSettings;
  readonly request: GatewayRequest;
  readonly filters: readonly TopicFilter[];
  readonly grants: Grants | undefined;
}

/** A filter of the stream. Call both functions when the stream drops the filter or ends. */
interface HeldFilter {
  readonly filter: TopicFilter;
  /** Ends the active subscription of this filter. */
  readonly leave: () => void;
  /** Removes the filter from the count of the client's address. */
  readonly release: () => void;
}

/** Handles the messages of one WebSocket client: changes its filters, publishes, and renews its token. */
export class WebSocketSession implements Dialogue {
  readonly #settings: WebSocketSessionSettings;
  /** The filters of the stream by their text, in the order in which they were added. */
  readonly #held = new Map<string, HeldFilter>();
  /** The first request. All filters count for its client, whatever the request of a new token says. */
  readonly #holder: GatewayRequest;
  #request: GatewayRequest;
  #grants: Grants | undefined;
  /** Undefined if presence is off. */
  #subscriber: Subscriber | undefined;
  #ended = false;

  constructor({ settings, request, filters, grants }: WebSocketSessionOptions) {
    this.#settings = settings;
    this.#holder = snapshotRequest(request);
    this.#request = this.#holder;
    this.#grants = grants;
    this.#subscriber = this.#createSubscriber(filters.map(matcherOf), grants);
    for (const filter of filters) this.#held.set(filter.text, { filter, leave: nothing, release: nothing });
  }

  /** The rights of the client's current token; undefined without a token. */
  get grants(): Grants | undefined {
    return this.#grants;
  }

  /** Call this method when the stream opens. Call the result once, when the stream has ended. */
  open(): () => void {
    const filters = [...this.#held.values()].map(({ filter }) => filter);
    // This call never throws: the gateway has checked the limits in the same turn of the event loop.
    const release = this.#settings.clients?.holdFilters(this.#holder, filters);
    for (const filter of filters) this.#hold(filter, release);
    return () => {
      this.#ended = true;
      for (const { leave, release } of this.#held.values()) {
        leave();
        release();
      }
      this.#held.clear();
    };
  }

  onText(text: string): MessageResult | Promise<MessageResult> {
    const { request, message } = readClientMessage(text);
    const fail = (error: unknown): MessageResult => this.#refuse(request, error);
    try {
      this.#count(message);
      const result = this.#handle(request, message);
      return result instanceof Promise ? result.catch(fail) : result;
    } catch (error) {
      return fail(error);
    }
  }

  /** Counts a message against the limits. This check is the first step, since all other steps cost more. */
  #count(message: ClientMessage | PharosError): void {
    const { clients } = this.#settings;
    if (!(message instanceof PharosError) && message.kind === "publish") clients?.admitPublish(this.#request);
    else clients?.admitRequest(this.#request);
  }

  #handle(
    request: MessageNumber | undefined,
    message: ClientMessage | PharosError,
  ): MessageResult | Promise<MessageResult> {
    if (message instanceof PharosError) throw message;
    switch (message.kind) {
      case "change":
        return this.#change(request, message);
      case "publish":
        return this.#publish(request, message);
      case "token":
        return this.#renew(request, message.token);
      default:
        return message satisfies never;
    }
  }

  #change(
    request: MessageNumber | undefined,
    { add, drop }: ClientMessage & { readonly kind: "change" },
  ): MessageResult {
    const dropped = new Set(drop);
    const kept = [...this.#held.keys()].filter((text) => !dropped.has(text));
    const added = this.#parseAdded(kept, add);
    this.#settings.checkFilters?.(added);
    const replaced = [...dropped].flatMap((text) => this.#held.get(text) ?? []);
    const release = this.#settings.clients?.holdFilters(
      this.#holder,
      added,
      replaced.map(({ filter }) => filter),
    );
    for (const { filter, leave } of replaced) {
      leave();
      this.#held.delete(filter.text);
    }
    for (const filter of added) this.#hold(filter, release);
    return {
      answer: answer({ kind: "filters", filters: [...this.#held.keys()], request }),
      moved: this.#ticket(added),
    };
  }

  /** @throws PharosError `bad-filter` for a malformed filter, or too many */
  #parseAdded(kept: readonly string[], add: readonly string[]): readonly TopicFilter[] {
    const had = new Set(kept);
    const wanted = new Set(add.filter((text) => !had.has(text)));
    const { filtersPerConnection, filterBytes } = this.#settings.streams;
    if (had.size + wanted.size > filtersPerConnection)
      throw new PharosError(
        "bad-filter",
        `a stream may have at most ${filtersPerConnection} topic filters, not ${had.size + wanted.size}`,
      );
    return parseFilters(wanted, { filtersPerConnection, filterBytes });
  }

  async #publish(
    request: MessageNumber | undefined,
    { publication }: ClientMessage & { readonly kind: "publish" },
  ): Promise<MessageResult> {
    const { publishing } = this.#settings;
    const publisher = await publishing.publisher(this.#request, parseQuery(this.#request.query));
    const [id] = await publishing.publish([publishing.accept(publisher, publication)]);
    return { answer: answer({ kind: "published", request, id }) };
  }

  async #renew(request: MessageNumber | undefined, token: string): Promise<MessageResult> {
    const renewed = snapshotRequest(this.#request, token);
    const grants = await this.#settings.authenticator.subscriber(renewed);
    this.#request = renewed;
    this.#replaceSubscriber(grants);
    this.#grants = grants;
    return {
      answer: answer({ kind: "renewed", request }),
      moved: this.#ticket([]),
      renewed: { expiresAtMs: grants?.expiresAtMs },
    };
  }

  /**
   * Uses a new token for presence. If the token belongs to another subscriber, presence reports that the old
   * subscriber has left and the new subscriber has joined.
   */
  #replaceSubscriber(grants: Grants | undefined): void {
    const held = [...this.#held.values()];
    const matchers = held.map(({ filter }) => matcherOf(filter));
    const isSame = isSameSubscriber(this.#grants, grants, matchers);
    const next = this.#createSubscriber(matchers, grants);
    // The subscriber's id does not change. Filters that are added later use the payloads of the new token.
    this.#subscriber = isSame && next && this.#subscriber ? { ...next, id: this.#subscriber.id } : next;
    if (isSame) return;
    for (const { leave } of held) leave();
    for (const each of held) this.#held.set(each.filter.text, { ...each, leave: this.#enter(each.filter) });
  }

  #ticket(added: readonly TopicFilter[]): LocalTicket {
    const filters = [...this.#held.values()].map(({ filter }) => filter);
    const rights = readRights(this.#grants);
    const subscription = { format: websocketFormat, filters, rights };
    return new LocalTicket({ subscription, lastEventId: undefined, added });
  }

  /** Adds a filter to the stream. Presence and the limits count each filter separately. */
  #hold(filter: TopicFilter, release: ((filter: TopicFilter) => void) | undefined): void {
    // The session may handle a message after the connection has ended, if the message arrived before the end.
    if (this.#ended) return release?.(filter);
    this.#held.set(filter.text, {
      filter,
      leave: this.#enter(filter),
      release: () => release?.(filter),
    });
  }

  #createSubscriber(matchers: readonly Matcher[], grants: Grants | undefined): Subscriber | undefined {
    const { presence } = this.#settings.streams;
    return presence && presenceSubscriber(presence, matchers, grants);
  }

  #enter(filter: TopicFilter): () => void {
    const { presence } = this.#settings.streams;
    if (presence === undefined || this.#subscriber === undefined) return nothing;
    return presence.enter({ ...this.#subscriber, matchers: [matcherOf(filter)] });
  }

  #refuse(request: MessageNumber | undefined, error: unknown): MessageResult {
    const { code, detail, retryAfterSeconds } = refuse(error, this.#request, this.#settings.refusals);
    return { answer: answer({ kind: "refused", request, code, detail, retryAfterSeconds }) };
  }
}

/** Encodes an answer. `JSON.stringify` omits fields that are undefined. */
function answer(fields: Readonly<Record<string, unknown>> & { readonly kind: string }): Buffer {
  return frameText(JSON.stringify(fields));
}

function matcherOf({ kind, text }: TopicFilter): Matcher {
  return { type: kind, text };
}

function nothing(): void {}

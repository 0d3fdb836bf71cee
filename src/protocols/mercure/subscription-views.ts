import type { Grants } from "../../auth/grants/grants.js";
import { PharosError } from "../../base/errors.js";
import type { ActiveSubscriptions } from "../../presence/active-subscriptions.js";
import { asOlder, olderContext, subscriptionPath } from "../../presence/documents.js";
import type { OlderSubscriptionDocument, SubscriptionDocument } from "../../presence/documents.js";

export type Form = Grants["form"];

/** The active subscriptions that a request selects. */
interface Selection {
  /** The matcher of the selected subscriptions; undefined: all matchers. */
  readonly matcher?: { readonly type?: string; readonly text: string };
  /** The subscriber of the selected subscription; undefined: all subscribers. */
  readonly subscriber?: string;
}

/** Parses the selection from the path segments below the path of all subscriptions. */
const selectionOf: Readonly<Record<Form, (segments: readonly string[]) => Selection | undefined>> =
  Object.freeze({
    current: ([type, text, subscriber, ...others]) => {
      if (type === undefined) return {};
      if (text === undefined || others.length > 0) return undefined;
      return { matcher: { type, text }, ...(subscriber === undefined ? {} : { subscriber }) };
    },
    older: ([text, subscriber, ...others]) => {
      if (text === undefined) return {};
      if (others.length > 0) return undefined;
      return { matcher: { text }, ...(subscriber === undefined ? {} : { subscriber }) };
    },
  });

interface List {
  readonly selection: Selection;
  readonly id: string;
  readonly position: string;
}

export interface SubscriptionListLimits {
  /** The most bytes of one response. */
  readonly subscriptionListBytes: number;
}

/** The active subscriptions as JSON, in both forms of the protocol. */
export class SubscriptionViews {
  readonly #active: ActiveSubscriptions;
  readonly #limits: SubscriptionListLimits;
  /** The last list. After a gap many clients request the same list. */
  #last: { readonly key: string; readonly body: Buffer } | undefined;

  /** @param limits of one response; read at each use */
  constructor(active: ActiveSubscriptions, limits: SubscriptionListLimits) {
    this.#active = active;
    this.#limits = limits;
  }

  /**
   * The document at these path segments. A list may be empty.
   *
   * @throws PharosError `not-found` if there is no such path or subscription, `too-many-subscriptions`
   */
  read(form: Form, segments: readonly string[], position: string): Buffer {
    const selection = segments.includes("") ? undefined : selectionOf[form](segments);
    if (selection === undefined)
      throw new PharosError("not-found", "there are no subscriptions at this path");
    return selection.subscriber === undefined
      ? this.#list(form, { selection, id: subscriptionPath(segments), position })
      : this.#one(form, selection, position);
  }

  #one(form: Form, selection: Selection, position: string): Buffer {
    const [document] = this.#documents(selection);
    if (document === undefined) throw new PharosError("not-found", "there is no such subscription");
    if (form === "current") return encode(document);
    return encode({ "@context": olderContext, ...asOlder(document), lastEventID: position });
  }

  #list(form: Form, list: List): Buffer {
    const { id, position } = list;
    const key = JSON.stringify([form, id, this.#active.version, form === "older" ? position : ""]);
    if (this.#last?.key !== key) this.#last = { key, body: this.#encodeList(form, list) };
    return this.#last.body;
  }

  #encodeList(form: Form, { selection, id, position }: List): Buffer {
    const documents = this.#documents(selection);
    const isCurrent = form === "current";
    const head = isCurrent
      ? { id, type: "subscriptions" }
      : { "@context": olderContext, id, type: "Subscriptions", lastEventID: position };
    const texts = isCurrent ? this.#texts(documents) : this.#texts(olderOnce(documents));
    return Buffer.from(`${JSON.stringify(head).slice(0, -1)},"subscriptions":[${texts.join(",")}]}\n`);
  }

  /** Encodes the documents one by one, and stops when the response becomes too large. */
  #texts(documents: Iterable<unknown>): readonly string[] {
    const texts: string[] = [];
    let bytes = 0;
    for (const document of documents) {
      const text = JSON.stringify(document);
      bytes += Buffer.byteLength(text) + 1;
      if (bytes > this.#limits.subscriptionListBytes) throw tooMany(this.#limits);
      texts.push(text);
    }
    return texts;
  }

  *#documents({ matcher, subscriber }: Selection): Generator<SubscriptionDocument, void> {
    const candidates = matcher === undefined ? this.#active.all() : this.#active.of(matcher.text);
    for (const { document } of candidates) {
      const isOfType = matcher?.type === undefined || matcher.type === document.match_type;
      const isOfSubscriber = subscriber === undefined || subscriber === document.subscriber;
      if (isOfType && isOfSubscriber) yield document;
    }
  }
}

function tooMany({ subscriptionListBytes: most }: SubscriptionListLimits): PharosError {
  return new PharosError(
    "too-many-subscriptions",
    `the list of subscriptions is longer than ${most} bytes; request the subscriptions of one matcher`,
  );
}

/** Removes duplicates. In the older form, matchers that differ only in their types are the same. */
function* olderOnce(documents: Iterable<SubscriptionDocument>): Generator<OlderSubscriptionDocument, void> {
  const seen = new Set<string>();
  for (const document of documents) {
    const older = asOlder(document);
    if (seen.has(older.id)) continue;
    seen.add(older.id);
    yield older;
  }
}

function encode(document: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(document)}\n`);
}

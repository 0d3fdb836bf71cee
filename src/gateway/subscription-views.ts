import type { Grants } from "../auth/grants.js";
import { PharosError } from "../errors.js";
import type { ActiveSubscriptions } from "../presence/active-subscriptions.js";
import { asOlder, describeSubscription, olderContext, pathOf } from "../presence/documents.js";
import type { SubscriptionDocument } from "../presence/documents.js";
import type { Matcher, Subscriber } from "../presence/subscriber.js";

export type Form = Grants["form"];

/** What an answer is about. */
interface Asked {
  /** The matchers that count; undefined for all. */
  readonly matcher?: { readonly type?: string; readonly text: string };
  /** The one subscriber that counts; undefined for all. */
  readonly subscriber?: string;
}

/** What is asked for by how many segments there are below the path of all subscriptions. */
const askedBy: Readonly<Record<Form, (segments: readonly string[]) => Asked | undefined>> = Object.freeze({
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

/** Active subscriptions as JSON, in both forms. */
export class SubscriptionViews {
  readonly #active: ActiveSubscriptions;
  readonly #listed: number;
  /** The last list: after a gap all watchers ask for the same one. */
  #last: { readonly key: string; readonly body: Buffer } | undefined;

  /** @param listed the most subscriptions in one answer */
  constructor(active: ActiveSubscriptions, listed: number) {
    this.#active = active;
    this.#listed = listed;
  }

  /**
   * The document at these segments; a list may be empty.
   *
   * @throws PharosError `not-found` where there is no such subscription or path, `too-many-subscriptions`
   */
  read(form: Form, segments: readonly string[], position: string): Buffer {
    const asked = askedBy[form](segments);
    if (asked === undefined) throw new PharosError("not-found", "there are no subscriptions at this path");
    return asked.subscriber === undefined
      ? this.#list(form, { asked, id: pathOf(segments), position })
      : this.#one(form, asked, position);
  }

  #one(form: Form, asked: Asked, position: string): Buffer {
    const subscriber = this.#active.subscriber(asked.subscriber ?? "");
    const [document] = subscriber === undefined ? [] : describeAll(subscriber, asked);
    if (document === undefined) throw new PharosError("not-found", "there is no such subscription");
    if (form === "current") return encode(document);
    return encode({ "@context": olderContext, ...asOlder(document), lastEventID: position });
  }

  #list(form: Form, list: { readonly asked: Asked; readonly id: string; readonly position: string }): Buffer {
    const { id, position } = list;
    const key = JSON.stringify([form, id, this.#active.version, form === "older" ? position : ""]);
    if (this.#last?.key !== key) this.#last = { key, body: this.#encodeList(form, list) };
    return this.#last.body;
  }

  #encodeList(
    form: Form,
    { asked, id, position }: { readonly asked: Asked; readonly id: string; readonly position: string },
  ): Buffer {
    const documents = this.#documents(asked);
    if (form === "current") return encode({ id, type: "subscriptions", subscriptions: documents });
    const subscriptions = eachOnce(documents).map(asOlder);
    return encode({
      "@context": olderContext,
      id,
      type: "Subscriptions",
      lastEventID: position,
      subscriptions,
    });
  }

  #documents(asked: Asked): readonly SubscriptionDocument[] {
    const { matcher } = asked;
    const subscribers =
      matcher === undefined ? this.#active.subscribers() : this.#active.subscribersOf(matcher.text);
    const documents: SubscriptionDocument[] = [];
    for (const subscriber of subscribers) {
      for (const document of describeAll(subscriber, asked)) documents.push(document);
      if (documents.length > this.#listed) throw this.#tooMany();
    }
    return documents;
  }

  #tooMany(): PharosError {
    return new PharosError(
      "too-many-subscriptions",
      `there are more than the ${this.#listed} subscriptions that one answer may list; ask for those of one matcher`,
    );
  }
}

function describeAll(subscriber: Subscriber, { matcher }: Asked): readonly SubscriptionDocument[] {
  const isAsked = ({ type, text }: Matcher): boolean =>
    matcher === undefined || (matcher.text === text && (matcher.type ?? type) === type);
  return subscriber.matchers.filter(isAsked).map((each) => describeSubscription(subscriber, each, true));
}

/** The older form does not tell matchers apart that differ in their types alone. */
function eachOnce(documents: readonly SubscriptionDocument[]): readonly SubscriptionDocument[] {
  return [
    ...new Map(documents.map((each) => [JSON.stringify([each.match, each.subscriber]), each])).values(),
  ];
}

function encode(document: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(document)}\n`);
}

import type { Entry } from "../../hub/publications/entry.js";
import type { Format } from "../../hub/publications/format.js";
import type { Offset } from "../../hub/publications/position.js";
import { asOlder, olderContext, parseSubscription, subscriptionEventType } from "../../presence/documents.js";
import type { GapNotice } from "../../protocol.js";
import { gapEventType } from "../../protocol.js";
import { encodeEvent, encodeOlderEvent } from "../../sse/encode.js";
import { eventStreamFormat, eventFieldsOf, withoutPositions } from "../../gateway/formats/event-stream.js";

/**
 * {@link eventStreamFormat}, but each event must have an id [draft-dunglas-mercure-08 l.912]. So a retained value
 * moves the client's cursor back. The position after the value moves the cursor forward again.
 */
export const mercureFormat: Format = Object.freeze({
  ...eventStreamFormat,
  name: "mercure",
  retained: (entry: Entry, reached: Offset) =>
    encodeEvent({ ...retainedId(entry, reached), ...eventFieldsOf(entry) }),
});

/** The id of a retained value. A value from a gap has none, because it would move the client's cursor forward. */
function retainedId({ id, offset }: Entry, reached: Offset): { readonly id?: string } {
  return offset <= reached ? { id } : {};
}

/** Encodes an event of the older form. In the older form, presence events have no type. */
function olderEvent(entry: Entry, id: { readonly id?: string }): Buffer {
  const { type, ...fields } = eventFieldsOf(entry);
  if (type !== subscriptionEventType) return encodeOlderEvent({ ...id, ...eventFieldsOf(entry) });
  const document = { "@context": olderContext, ...asOlder(parseSubscription(fields.data)) };
  return encodeOlderEvent({ ...id, ...fields, data: JSON.stringify(document) });
}

/** The format for the older form of the protocol. The fields of an event have another order. */
export const olderMercureFormat: Format = Object.freeze({
  ...mercureFormat,
  name: "mercure-older",
  event: (entry: Entry) => olderEvent(entry, { id: entry.id }),
  retained: (entry: Entry, reached: Offset) => olderEvent(entry, retainedId(entry, reached)),
  gap: (notice: GapNotice, id: string) =>
    encodeOlderEvent({ id, type: gapEventType, data: JSON.stringify(notice) }),
});

/** Both formats for clients that do not read positions. */
export const mercureEventsOnlyFormat: Format = withoutPositions(mercureFormat);
export const olderMercureEventsOnlyFormat: Format = withoutPositions(olderMercureFormat);

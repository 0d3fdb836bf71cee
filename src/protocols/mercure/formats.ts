import type { Entry } from "../../hub/publications/entry.js";
import type { Format } from "../../hub/publications/format.js";
import { asOlder, olderContext, parseSubscription, subscriptionEventType } from "../../presence/documents.js";
import type { GapNotice } from "../../protocol.js";
import { gapEventType } from "../../protocol.js";
import { encodeOlderEvent } from "../../sse/encode.js";
import { eventStreamFormat, eventFieldsOf, withoutPositions } from "../../gateway/formats/event-stream.js";

/**
 * {@link eventStreamFormat}, but each event must have an id [draft-dunglas-mercure-08 l.912]. So a retained value
 * moves the client's cursor back. The position after the value, in the same page, moves the cursor forward again.
 */
export const mercureFormat: Format = Object.freeze({
  ...eventStreamFormat,
  name: "mercure",
  retained: (entry: Entry) => eventStreamFormat.event(entry),
});

/** Encodes an event of the older form. In the older form, presence events have no type. */
function olderEvent(entry: Entry): Buffer {
  const { type, ...fields } = eventFieldsOf(entry);
  if (type !== subscriptionEventType) return encodeOlderEvent({ id: entry.id, ...eventFieldsOf(entry) });
  const document = { "@context": olderContext, ...asOlder(parseSubscription(fields.data)) };
  return encodeOlderEvent({ id: entry.id, ...fields, data: JSON.stringify(document) });
}

/** The format for the older form of the protocol. The fields of an event have another order. */
export const olderMercureFormat: Format = Object.freeze({
  ...mercureFormat,
  name: "mercure-older",
  event: olderEvent,
  retained: olderEvent,
  gap: (notice: GapNotice, id: string) =>
    encodeOlderEvent({ id, type: gapEventType, data: JSON.stringify(notice) }),
});

/** Both formats for clients that do not read positions. */
export const mercureEventsOnlyFormat: Format = withoutPositions(mercureFormat);
export const olderMercureEventsOnlyFormat: Format = withoutPositions(olderMercureFormat);

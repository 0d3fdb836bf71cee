import { parseForm } from "../http/form.js";
import type { GatewayRequest } from "../http/messages.js";
import type { NameValuePairs } from "../http/query.js";

/**
 * The names of the query parameter with the cursor, in lower case and without `-` and `_`. This one form stands for
 * `last_event_id` (this hub, Mercure draft-08), `lastEventID` and `Last-Event-ID` (older Mercure), and `lastEventId`
 * (EventSourcePolyfill, reconnecting-eventsource).
 */
const cursorName = "lasteventid";

const mayNameCursor = /event/i;

/**
 * The cursor of a request: the id of the event after which the stream resumes. The header has precedence over the
 * query, and the query over the body. Of several cursors in the query, the last one counts: libraries append the newest
 * cursor to the URL of the page, which may have an older one. Empty cursors count only if there is no other: browsers
 * and some libraries send an empty cursor while they have no event id.
 *
 * @param body the parameters in the body of the request
 * @returns undefined without a cursor; empty if all cursors are empty
 * @throws PharosError `bad-request` for invalid UTF-8 in the query
 */
export function cursorOf(
  request: Pick<GatewayRequest, "header" | "query">,
  body: NameValuePairs = [],
): string | undefined {
  const header = request.header("last-event-id");
  if (header !== undefined && header !== "") return header;
  // In a cursor, `+` is a space: browsers and form encoders both write a plus as %2B.
  const queried = mayNameCursor.test(request.query) ? cursorsIn(parseForm(request.query)) : [];
  const cursors = queried.length > 0 ? queried : cursorsIn(body);
  return cursors.findLast((cursor) => cursor !== "") ?? cursors[0] ?? header;
}

function cursorsIn(pairs: NameValuePairs): readonly string[] {
  return pairs.flatMap(([name, value]) =>
    name.toLowerCase().replaceAll(/[-_]/g, "") === cursorName ? [value] : [],
  );
}

/** Undefined for an empty cursor, which resumes nothing. */
export function presentCursor(cursor: string | undefined): string | undefined {
  return cursor === "" ? undefined : cursor;
}

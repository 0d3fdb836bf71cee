import { PharosError } from "../../../base/errors.js";
import { quoteValue } from "../../../base/quote-value.js";
import { targetCount } from "../../../limits/delivery.js";
import { isConnectionId, isSender } from "./sender.js";
import { encodeTnetstring, type TnetValue } from "./tnetstring.js";

/** The largest number of connections in one response; see {@link targetCount}. */
export const defaultMaxTargets = targetCount.default;

/**
 * Encodes the head of a message to connections of one server: `UUID SIZE:ID ID, `. Encode the head once, and keep it
 * while the connections are the same. Throws `bad-mongrel2-response` for a message that Mongrel2 rejects, because
 * Mongrel2 sleeps for 100 ms after each such message:
 * - The sender is empty, has more than 64 characters, or other characters than letters, digits and `-`.
 * - There is no id, or there are more than `maxTargets` ids.
 * - An id is not a whole number from 0 to 2^32-1.
 */
export function frameTargets(sender: string, ids: readonly number[], maxTargets = defaultMaxTargets): Buffer {
  checkTargets(sender, ids, maxTargets);
  return frameHead(sender, ids.join(" "));
}

/**
 * Encodes one delivery: copies the head of {@link frameTargets} and the raw bytes for the clients into one message.
 * Throws `bad-mongrel2-response` for an empty body, because an empty body closes the connections. To close connections,
 * use {@link frameConnectionClose}.
 */
export function frameDelivery(targets: Buffer, body: Buffer): Buffer {
  if (body.length === 0)
    throw refusal("the body of a delivery must not be empty: an empty body closes the connections");
  return Buffer.concat([targets, body], targets.length + body.length);
}

/**
 * Encodes a message that closes the connections in `targets` after their earlier deliveries. A close is a message with
 * an empty body. It equals its head, so the function returns the Buffer `targets` itself.
 */
export function frameConnectionClose(targets: Buffer): Buffer {
  return targets;
}

/**
 * Encodes a control message, which Mongrel2 handles and clients do not see. The message has the ids `X ID ID` and the
 * tnetstring `["ctl", control]`. The X does not count as one of the 128 ids [measured]. For each id that no connection
 * has, Mongrel2 sends a disconnect notice, as for deliveries and closes. Throws the errors of {@link frameTargets}, and
 * `bad-tnetstring` if `control` cannot be encoded.
 */
export function frameControl(sender: string, ids: readonly number[], control: TnetValue): Buffer {
  checkTargets(sender, ids, defaultMaxTargets);
  return Buffer.concat([frameHead(sender, `X ${ids.join(" ")}`), encodeTnetstring(["ctl", control])]);
}

function frameHead(sender: string, targets: string): Buffer {
  return Buffer.from(`${sender} ${targets.length}:${targets}, `, "latin1");
}

function checkTargets(sender: string, ids: readonly number[], maxTargets: number): void {
  if (!isSender(sender))
    throw refusal(`a sender must have 1 to 64 letters, digits and -, not ${quoteValue(sender)}`);
  if (ids.length === 0 || ids.length > maxTargets) {
    throw refusal(`a message must name 1 to ${maxTargets} ids, not ${ids.length}`);
  }
  for (const id of ids) {
    if (!isConnectionId(id))
      throw refusal(`a connection id must be a whole number from 0 to 4294967295, not ${id}`);
  }
}

function refusal(message: string): PharosError {
  return new PharosError("bad-mongrel2-response", message);
}

import { PharosError } from "../../../base/errors.js";
import { targetCount } from "../../../limits/delivery.js";
import { isConnectionId, isSender } from "./sender.js";
import { encodeTnetstring, type TnetValue } from "./tnetstring.js";

/** The most connections that one response may name, see {@link targetCount}. */
export const defaultMaxTargets = targetCount.default;

/**
 * Frames the head of a message to some connections of one server: `UUID SIZE:ID ID, `. Encode it once and keep it, as
 * long as the same connections are meant. Throws `bad-mongrel2-response` for a sender that is not letters, digits and
 * `-`, for no id, more than `maxTargets` ids, or an id that is not 0 to 2^32-1: Mongrel2 sleeps 100 ms over each.
 */
export function frameTargets(sender: string, ids: readonly number[], maxTargets = defaultMaxTargets): Buffer {
  checkTargets(sender, ids, maxTargets);
  return frameHead(sender, ids.join(" "));
}

/**
 * Frames one delivery: `targets` of frameTargets and the raw bytes for the clients, copied into one message. Throws
 * `bad-mongrel2-response` for an empty body, which would close the connections: use frameClose for that.
 */
export function frameDelivery(targets: Buffer, body: Buffer): Buffer {
  if (body.length === 0) throw refusal("an empty body closes connections and is no delivery");
  return Buffer.concat([targets, body], targets.length + body.length);
}

/**
 * Frames the close of the connections named in `targets`, after what was delivered to them before: a message with an
 * empty body, which is the head alone, so the same Buffer comes back.
 */
export function frameConnectionClose(targets: Buffer): Buffer {
  return targets;
}

/**
 * Frames a control message, which Mongrel2 acts on and no client sees: ids `X ID ID` and the tnetstring
 * `["ctl", control]`. The X does not count among the 128 ids [measured]. Each id that no connection has brings a
 * disconnect notice, as deliveries and closes do. Throws as frameTargets does, and `bad-tnetstring` where `control` cannot be encoded.
 */
export function frameControl(sender: string, ids: readonly number[], control: TnetValue): Buffer {
  checkTargets(sender, ids, defaultMaxTargets);
  return Buffer.concat([frameHead(sender, `X ${ids.join(" ")}`), encodeTnetstring(["ctl", control])]);
}

function frameHead(sender: string, targets: string): Buffer {
  return Buffer.from(`${sender} ${targets.length}:${targets}, `, "latin1");
}

function checkTargets(sender: string, ids: readonly number[], maxTargets: number): void {
  if (!isSender(sender)) throw refusal("a sender must be 1 to 64 letters, digits and -");
  if (ids.length === 0 || ids.length > maxTargets) {
    throw refusal(`${ids.length} ids; a message names 1 to ${maxTargets}`);
  }
  for (const id of ids) {
    if (!isConnectionId(id)) throw refusal("a connection id must be a whole number from 0 to 4294967295");
  }
}

function refusal(what: string): PharosError {
  return new PharosError("bad-mongrel2-response", what);
}

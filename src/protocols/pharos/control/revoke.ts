import { PharosError } from "../../../base/errors.js";
import type { Clock } from "../../../base/clock.js";
import { checkManageRight } from "../../../gateway/control/control-rights.js";
import { readControlFields, type ControlFields } from "../../../gateway/control/control-fields.js";
import type { Revocation } from "../../../gateway/control/revocation.js";
import type { Revocations } from "../../../gateway/control/revocations.js";
import type { GatewayRequest, Reply } from "../../../gateway/http/messages.js";
import { jsonReply } from "../../../gateway/http/replies.js";
import type { Resource } from "../../../gateway/http/resource.js";
import type { Publisher } from "../../../gateway/publishing/publisher.js";
import { revokePath } from "../../../protocol.js";

/** The settings of revocations. Read at each use. */
export interface RevokeSettings {
  /** The time until the end of tokens whose `exp` a request does not have, in seconds. */
  readonly revocationSeconds: number;
  /** The difference between the issuers' clocks and the hub's clock that the hub tolerates, in seconds. */
  readonly leewaySeconds: number;
}

export interface RevokeResourceOptions {
  readonly publishing: Pick<Publisher, "identify">;
  readonly revocations: Pick<Revocations, "revoke">;
  readonly settings: RevokeSettings;
  readonly clock: Pick<Clock, "now">;
}

const names = ["jti", "subject", "issuer", "before", "exp"] as const;
type Fields = ControlFields<(typeof names)[number]>;

/**
 * `POST /revoke` refuses tokens from now on, and ends the streams and polls of their clients, at all hubs. The body is
 * `{"jti": "…"}` for one token, or `{"subject": "…"}` for all tokens of a subject that were issued up to now, or up to
 * `before`. `exp` is the end of the tokens, and `issuer` may name their issuer. The token of the request needs the right
 * `revoke`. The response has the number of ended streams and polls of this hub, and the end of the revocation.
 */
export function revokeResource(options: RevokeResourceOptions): Resource {
  const post = async (request: GatewayRequest): Promise<Reply> => {
    await checkManageRight(options.publishing, request, "revoke");
    const revocation = revocationOf(await readControlFields(request, names), options);
    const ended = await options.revocations.revoke(revocation);
    const { by, value, untilMs } = revocation;
    return jsonReply(200, {
      [by === "token" ? "jti" : "subject"]: value,
      until: Math.ceil(untilMs / 1000),
      ended,
    });
  };
  return { path: revokePath, methods: { POST: post } };
}

/** The latest `before`, in seconds from now: more is a mistake, such as a time in milliseconds. */
const latestBefore = 3600;

/** The latest `exp`: the end of the year 9999, in seconds since 1970. More is a mistake, such as a time in milliseconds. */
const latestExp = 253_402_300_799;

function revocationOf(
  fields: Fields,
  { settings, clock }: Pick<RevokeResourceOptions, "settings" | "clock">,
): Revocation {
  const [jti, subject, issuer] = [fields.text("jti"), fields.text("subject"), fields.text("issuer")];
  const now = clock.now() / 1000;
  const before = fields.time("before", {
    most: now + latestBefore,
    what: "seconds since 1970, at most an hour from now",
  });
  const exp = fields.time("exp", { most: latestExp, what: "seconds since 1970, as in the token" });
  const { revocationSeconds, leewaySeconds } = settings;
  const untilMs = Math.ceil((exp === undefined ? now + revocationSeconds : exp + leewaySeconds) * 1000);
  if (jti !== undefined && subject === undefined && before === undefined)
    return { by: "token", value: jti, issuer, untilMs };
  if (jti === undefined && subject !== undefined) {
    const beforeMs = Math.ceil(((before ?? now) + leewaySeconds) * 1000);
    return { by: "subject", value: subject, issuer, beforeMs, untilMs };
  }
  throw new PharosError("bad-request", "the body needs one of jti and subject; before is only for a subject");
}

import { isRecord, type JsonRecord } from "../json.js";
import { quoted, refused } from "../refusal.js";

/** The rights over the clients of a hub. They are no rights to topics. */
export const manageRights = ["disconnect", "revoke"] as const;
export type ManageRight = (typeof manageRights)[number];

/** The claim with these rights, in tokens of both forms: `{"manage": ["disconnect"]}`. */
const claimName = "pharos";

/**
 * Parses the rights over clients from the claims of a token. A token without the claim grants none. Ignores rights that
 * this version does not know.
 *
 * @throws PharosError `invalid-token` when the claim is malformed
 */
export function parseManageRights(claims: JsonRecord): readonly ManageRight[] {
  const claim = claims[claimName];
  if (claim === undefined) return [];
  if (!isRecord(claim)) throw refused(`its ${claimName} claim is ${quoted(claim)}; allowed is an object`);
  const { manage = [] } = claim;
  if (!Array.isArray(manage) || !manage.every((right) => typeof right === "string"))
    throw refused(`${claimName}.manage is ${quoted(manage)}; allowed is a list of texts`);
  return manageRights.filter((right) => manage.includes(right));
}

/** The claim with these rights, for a new token. */
export function manageClaim(manage: readonly ManageRight[]): JsonRecord {
  return manage.length === 0 ? {} : { [claimName]: { manage } };
}

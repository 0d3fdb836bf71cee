import type { TopicFilter } from "../../hub/filters/filter.js";
import type { Grants, Verdict } from "../grants/grants.js";
import { durationText, quoted, timeText } from "../refusal.js";

/** Describes a verdict in lines of text: what the token allows and when it expires, or why it is invalid. */
export function describeVerdict(verdict: Verdict, nowMs: number): readonly string[] {
  return verdict.ok ? describeGrants(verdict.grants, nowMs) : [`Refused: ${verdict.reason}.`];
}

const forms: Readonly<Record<Grants["form"], string>> = {
  current: "an access token with authorization details",
  older: "a token of the older form, with a mercure claim",
};

function describeGrants(grants: Grants, nowMs: number): readonly string[] {
  const { form, issuer, subject, publish, subscribe, manage = [], expiresAtMs } = grants;
  const whose = [
    issuer === undefined ? "" : `, by ${quoted(issuer)}`,
    subject === undefined ? "" : `, of ${quoted(subject)}`,
  ];
  return [
    `Accepted: ${forms[form]}${whose.join("")}.`,
    `Publish: ${describeFilters(publish)}.`,
    `Read private publications: ${describeFilters(subscribe)}.`,
    ...(manage.length === 0 ? [] : [`Manage clients: ${manage.join(", ")}.`]),
    `Valid ${expiresAtMs === undefined ? "forever: it has no exp" : until(expiresAtMs, nowMs)}.`,
  ];
}

function describeFilters(filters: readonly TopicFilter[]): string {
  if (filters.length === 0) return "nothing";
  if (filters.some(({ kind }) => kind === "all")) return "every topic";
  return filters.map(({ kind, text }) => `${kind} ${quoted(text)}`).join(", ");
}

function until(expiresAtMs: number, nowMs: number): string {
  return `until ${timeText(expiresAtMs / 1000)}, for ${durationText((expiresAtMs - nowMs) / 1000)} more`;
}

import { z } from "zod";

import type { Limit, LimitTable } from "../limits/limit.js";
import { limitSections } from "./limit-sections.js";
import { wholeNumber } from "./values/number.js";

const { history, journal, retained, token, patterns, idempotency, ...others } = limitSections;

/** The part `limits` of the settings. Only the file and the environment can set limits. */
export const limitsSchema = z
  .strictObject({
    history: z.strictObject(limitSchemasOf(history.limits)).prefault({}).describe(history.help),
    journal: z.strictObject(limitSchemasOf(journal.limits)).prefault({}).describe(journal.help),
    retained: z.strictObject(limitSchemasOf(retained.limits)).prefault({}).describe(retained.help),
    token: z.strictObject(limitSchemasOf(token.limits)).prefault({}).describe(token.help),
    patterns: z.strictObject(limitSchemasOf(patterns.limits)).prefault({}).describe(patterns.help),
    idempotency: z.strictObject(limitSchemasOf(idempotency.limits)).prefault({}).describe(idempotency.help),
    ...limitSchemasOf(others.connections.limits),
    ...limitSchemasOf(others.requests.limits),
    ...limitSchemasOf(others.publications.limits),
    ...limitSchemasOf(others.publishing.limits),
    ...limitSchemasOf(others.delivery.limits),
    ...limitSchemasOf(others.filters.limits),
    ...limitSchemasOf(others.presence.limits),
  })
  .prefault({})
  .describe("All limits on memory, sizes, counts and times. Only in the file and the environment.");

type LimitSchemas<Table extends LimitTable> = { [Name in keyof Table]: z.ZodPrefault<z.ZodNumber> };

function limitSchemasOf<Table extends LimitTable>(table: Table): LimitSchemas<Table> {
  const schemas = Object.entries(table).map(([name, limit]) => [name, schemaOf(limit)]);
  return Object.fromEntries(schemas);
}

function schemaOf(limit: Limit): z.ZodPrefault<z.ZodNumber> {
  return wholeNumber(limit).prefault(limit.default).describe(describe(limit));
}

function describe({ help, above, why }: Limit): string {
  const consequence = above === undefined ? "" : ` Above it: ${above[0]?.toLowerCase()}${above.slice(1)}`;
  return `${help}${consequence} Why this default: ${why}`;
}

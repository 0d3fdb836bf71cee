import { z } from "zod";

import { checkAdmin, checkOpaqueIds } from "./cross-checks.js";
import { limitsSchema } from "./limits-schema.js";
import { settingSchemas } from "./settings.js";
import { tokenIssuers } from "./values/token-issuer.js";

/**
 * All settings in the form of the JSON file. Options and environment are brought into the same form first, so this is
 * the only validator. The text of an issue is what is allowed there.
 */
export const configSchema = z
  .strictObject({
    $schema: z.string().optional().describe("Where this schema is, for editors. Has no effect."),
    ...settingSchemas,
    tokens: tokenIssuers,
    limits: limitsSchema,
  })
  .superRefine(checkAdmin)
  .superRefine(checkOpaqueIds);

/** What {@link configSchema} makes of a settings file. */
export type ParsedSettings = z.output<typeof configSchema>;

/** The published JSON schema of the settings file. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(configSchema, { io: "input", target: "draft-2020-12" });
  return { ...schema, title: "Pharos settings" };
}

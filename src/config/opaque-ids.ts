import type { z } from "zod";

interface OpaqueIdsSettings {
  readonly opaqueIds: boolean;
  readonly pushStream: object | "off";
}

/** Refuses to promise that counts are hidden where messages tell them, as the push stream module's clients need it. */
export function checkOpaqueIds({ opaqueIds, pushStream }: OpaqueIdsSettings, context: z.RefinementCtx): void {
  if (!opaqueIds || pushStream === "off") return;
  const message = "off beside --push-stream, whose messages count all publications of a second (tag)";
  context.addIssue({ code: "custom", path: ["opaqueIds"], message });
}

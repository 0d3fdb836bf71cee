import { z } from "zod";

import type { HttpAddress } from "./config.js";

const tokenAllowed =
  "16 to 256 printable characters without a space, for instance what openssl rand -hex 32 prints";

/** What gives access to the admin address from anywhere. */
export const adminToken = z.string({ error: tokenAllowed }).regex(/^[!-~]{16,256}$/, tokenAllowed);

interface AdminSettings {
  readonly admin?: HttpAddress | "off" | undefined;
  readonly adminToken?: string | undefined;
}

/** Refuses an admin address that others can reach and nobody may use. */
export function checkAdmin({ admin, adminToken }: AdminSettings, context: z.RefinementCtx): void {
  if (admin === undefined || admin === "off" || adminToken !== undefined || isLoopback(admin.host)) return;
  const message = "a loopback address, for instance 127.0.0.1:8081, unless PHAROS_ADMIN_TOKEN is set";
  context.addIssue({ code: "custom", path: ["admin"], message });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

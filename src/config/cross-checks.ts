import { z } from "zod";

import { isLoopback } from "../base/loopback.js";
import type { HttpAddress } from "./values/addresses.js";
import type { JournalPlace } from "./values/journal.js";

type CombinedSettings = AdminSettings & PushStreamSettings & JournalSettings & TlsSettings & WebhookSettings;

/** Refuses values that are valid alone, but not together. */
export function checkTogether(settings: CombinedSettings, context: z.RefinementCtx): void {
  checkAdmin(settings, context);
  checkPushStream(settings, context);
  checkJournalFiles(settings, context);
  checkTls(settings, context);
  checkWebhook(settings, context);
}

const combined = z.custom<CombinedSettings>().superRefine(checkTogether);

/** A setting whose value cannot be combined with the others, and what is allowed. */
export interface CombinationFault {
  readonly name: string;
  readonly allowed: string;
}

/** The faults that {@link checkTogether} finds in complete settings. */
export function combinationFaults(settings: CombinedSettings): readonly CombinationFault[] {
  const { error } = combined.safeParse(settings);
  return (error?.issues ?? []).map(({ path, message }) => ({ name: path.join("."), allowed: message }));
}

interface AdminSettings {
  readonly admin?: HttpAddress | "off" | undefined;
  readonly adminToken?: string | undefined;
}

/** Refuses an admin address that other machines can reach, unless an admin token is set. */
function checkAdmin({ admin, adminToken }: AdminSettings, context: z.RefinementCtx): void {
  if (admin === undefined || admin === "off" || adminToken !== undefined || isLoopback(admin.host)) return;
  const message = "a loopback address, for instance 127.0.0.1:8081, unless PHAROS_ADMIN_TOKEN is set";
  context.addIssue({ code: "custom", path: ["admin"], message });
}

interface PushStreamSettings {
  readonly opaqueIds: boolean;
  readonly pushStream: object | "off";
  readonly pushStreamTemplate?: string | undefined;
}

/** Refuses a template without the module, and opaque ids together with the push stream module, whose messages reveal the number of publications. */
function checkPushStream(
  { opaqueIds, pushStream, pushStreamTemplate }: PushStreamSettings,
  context: z.RefinementCtx,
): void {
  if (pushStream === "off" && pushStreamTemplate !== undefined) {
    const unused = "not set, unless --push-stream sets the paths of the module";
    context.addIssue({ code: "custom", path: ["pushStreamTemplate"], message: unused });
  }
  if (!opaqueIds || pushStream === "off") return;
  const message = "off with --push-stream, because its messages reveal the number of publications";
  context.addIssue({ code: "custom", path: ["opaqueIds"], message });
}

interface JournalSettings {
  readonly journal: JournalPlace;
  readonly journalCredentials?: string | undefined;
  readonly journalCa?: string | undefined;
}

/** Refuses the files for a connection to NATS if the journal is not on NATS. */
function checkJournalFiles(settings: JournalSettings, context: z.RefinementCtx): void {
  if (settings.journal.kind === "nats") return;
  const message = "not set, unless --journal is nats://HOST/NAME";
  for (const name of ["journalCredentials", "journalCa"] as const)
    if (settings[name] !== undefined) context.addIssue({ code: "custom", path: [name], message });
}

interface TlsSettings {
  readonly https: readonly unknown[];
  readonly tlsCerts: readonly string[];
  readonly tlsKeys: readonly string[];
  readonly httpRedirect: readonly unknown[];
  readonly hsts: number;
}

/** The most pairs of certificate and key. The hub looks at each file every two seconds. */
const mostCertificates = 100;

/** Refuses a part of TLS whose other parts are missing. */
function checkTls(settings: TlsSettings, context: z.RefinementCtx): void {
  const { https, tlsCerts, tlsKeys, httpRedirect, hsts } = settings;
  const refuse = (name: keyof TlsSettings, message: string): void =>
    context.addIssue({ code: "custom", path: [name], message });
  if (https.length === 0) {
    const message = "not set, unless --https sets an address where clients speak TLS";
    if (tlsCerts.length > 0) refuse("tlsCerts", message);
    if (tlsKeys.length > 0) refuse("tlsKeys", message);
    if (httpRedirect.length > 0) refuse("httpRedirect", message);
    if (hsts > 0) refuse("hsts", message);
  } else if (tlsCerts.length === 0)
    refuse("https", "not set, unless --tls-cert and --tls-key name a certificate");
  else if (tlsCerts.length !== tlsKeys.length)
    refuse("tlsKeys", `as many files as --tls-cert: ${tlsCerts.length}`);
  else if (tlsCerts.length > mostCertificates) refuse("tlsCerts", `at most ${mostCertificates} files`);
}

interface WebhookSettings {
  readonly webhook?: string | undefined;
  readonly webhookSecret?: string | undefined;
  readonly webhookCa?: string | undefined;
}

/** Refuses webhooks without a secret, which a receiver could not tell from a forgery. */
function checkWebhook(
  { webhook, webhookSecret, webhookCa }: WebhookSettings,
  context: z.RefinementCtx,
): void {
  if (webhook !== undefined && webhookSecret === undefined) {
    const message = "not set, unless PHAROS_WEBHOOK_SECRET is set";
    context.addIssue({ code: "custom", path: ["webhook"], message });
  }
  if (webhookCa !== undefined && !(webhook?.startsWith("https:") ?? false)) {
    const message = "not set, unless --webhook is an https URL";
    context.addIssue({ code: "custom", path: ["webhookCa"], message });
  }
}

import { startHub, type HubOptions, type HubProcess } from "../hub-process.js";
import { atTestEnd } from "../on-end.js";
import { certificateFolder, makeCertificate } from "../tls/certificates.js";
import { startSecureHub } from "../tls/secure-hub.js";

export interface Http2HubOptions extends Omit<HubOptions, "http"> {
  /** False: a plain listener, whose local clients are trusted proxies. @default true */
  readonly tls?: boolean;
  /** @default 0 */
  readonly workers?: number;
}

/** Starts a hub that speaks HTTP/2, and to which everybody may publish. */
export function startHttp2Hub(options: Http2HubOptions = {}): Promise<HubProcess> {
  const { tls = true, workers = 0, args = [], ...rest } = options;
  const onEnd = options.onEnd ?? atTestEnd;
  const all = ["--open", "--workers", String(workers), ...args];
  if (!tls) return startHub({ ...rest, args: [...all, "--trusted-proxy", "127.0.0.0/8"] });
  return startSecureHub([makeCertificate(certificateFolder(onEnd), "hub")], { ...rest, args: all });
}

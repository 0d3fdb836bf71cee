import { randomBytes } from "node:crypto";
import type { Clock, Timer } from "../../base/clock.js";
import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import type { Metrics } from "../../base/metrics.js";
import type { CertificateFiles, CertificatePair } from "./certificate-pair.js";
import { FileWatch } from "./file-watch.js";
import { readCertificates } from "./read-certificates.js";

/** Everything that the processes of the hub need to speak TLS. A worker gets this object as JSON. */
export interface TlsMaterial {
  /** At least one. The first pair is for clients that name no host, or another host. */
  readonly pairs: readonly CertificatePair[];
  /**
   * The keys that encrypt session tickets, in base64. All processes have the same keys, so that a client can resume its
   * session in each of them.
   */
  readonly ticketKeys: string;
}

export interface CertificateStoreOptions {
  readonly files: readonly CertificateFiles[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The size of the keys for tickets, in bytes: a name, a key for a MAC, and a key for a cipher [tls.Server]. */
const ticketKeyBytes = 48;

/**
 * The time between two changes of the ticket keys, in milliseconds. Whoever steals a ticket key can read sessions of
 * TLS 1.2 that used the key, but no others. At the same time, the store warns of certificates that expire.
 */
const renewEveryMs = 12 * 60 * 60 * 1000;

/** The store warns this long before a certificate expires, in milliseconds. ACME clients renew 30 days before. */
const warnBeforeMs = 14 * 24 * 60 * 60 * 1000;

/**
 * The certificates of the hub, from their files. The store reads the files again when they change. If the new files
 * cannot be used, the earlier certificates stay in use, and the log says why.
 */
export class CertificateStore {
  readonly #options: CertificateStoreOptions;
  #watch: FileWatch;
  readonly #renewal: Timer;
  readonly #followers = new Set<(material: TlsMaterial) => void>();
  #material: TlsMaterial;

  /** @throws PharosError as {@link readCertificates} */
  constructor(options: CertificateStoreOptions) {
    const { files, clock } = options;
    this.#options = options;
    this.#watch = this.#watchOf(files);
    this.#renewal = clock.every(renewEveryMs, () => this.#renewTicketKeys());
    try {
      this.#material = { pairs: readCertificates(files), ticketKeys: newTicketKeys() };
    } catch (error) {
      this.#renewal.cancel();
      void this.#watch.close();
      throw error;
    }
    this.#tell();
  }

  get material(): TlsMaterial {
    return this.#material;
  }

  /** Calls `follower` with the new material after each change. Returns a function that ends this. */
  follow(follower: (material: TlsMaterial) => void): () => void {
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }

  /** Reads the files again. If a file cannot be used, all earlier certificates stay in use, and the log says why. */
  reload(): void {
    try {
      this.use(readCertificates(this.#material.pairs));
    } catch (error) {
      const reason = messageOf(error);
      this.#options.logger.error(
        { reason },
        "the TLS certificates could not be read again; the earlier ones stay in use",
      );
    }
  }

  /**
   * Uses these certificates for new connections, and watches their files. Open connections continue.
   *
   * @param pairs at least one, from {@link readCertificates}
   */
  use(pairs: readonly CertificatePair[]): void {
    if (isSame(pairs, this.#material.pairs)) return;
    if (!isSame(pairs.map(filesOf), this.#material.pairs.map(filesOf))) {
      void this.#watch.close();
      this.#watch = this.#watchOf(pairs);
    }
    this.#change({ ...this.#material, pairs });
    this.#tell();
  }

  /** Ends the watch of the files. Safe to call twice. */
  async close(): Promise<void> {
    this.#renewal.cancel();
    this.#followers.clear();
    await this.#watch.close();
  }

  #watchOf(pairs: readonly CertificateFiles[]): FileWatch {
    const files = pairs.flatMap(filesOf);
    return new FileWatch({ files, clock: this.#options.clock, changed: () => this.reload() });
  }

  #renewTicketKeys(): void {
    this.#change({ ...this.#material, ticketKeys: newTicketKeys() });
    this.#warn();
  }

  #change(material: TlsMaterial): void {
    this.#material = material;
    for (const follower of this.#followers) follower(material);
  }

  #tell(): void {
    const { logger, metrics } = this.#options;
    const { pairs } = this.#material;
    for (const { certFile, expiresAtMs } of pairs)
      metrics.gauge("tls_certificate_expiry_timestamp_seconds", expiresAtMs / 1000, {
        certificate: certFile,
      });
    const certificates = pairs.map(({ certFile, names, expiresAtMs }) => ({
      file: certFile,
      names,
      expires: new Date(expiresAtMs).toISOString(),
    }));
    logger.info({ certificates }, "TLS certificates are in use");
    for (const { doubts } of pairs) for (const doubt of doubts) logger.warn({}, doubt);
    this.#warn();
  }

  #warn(): void {
    const { clock, logger } = this.#options;
    const nowMs = clock.now();
    for (const { certFile: file, beginsAtMs, expiresAtMs } of this.#material.pairs) {
      const expires = new Date(expiresAtMs).toISOString();
      if (nowMs >= expiresAtMs) logger.error({ file, expires }, "a TLS certificate has expired");
      else if (nowMs >= expiresAtMs - warnBeforeMs)
        logger.warn({ file, expires }, "a TLS certificate expires soon");
      const begins = new Date(beginsAtMs).toISOString();
      if (nowMs < beginsAtMs) logger.error({ file, begins }, "a TLS certificate is not valid yet");
    }
  }
}

/** Random keys for session tickets, in base64. */
export function newTicketKeys(): string {
  return randomBytes(ticketKeyBytes).toString("base64");
}

function filesOf({ certFile, keyFile }: CertificateFiles): readonly string[] {
  return [certFile, keyFile];
}

function isSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return JSON.stringify(some) === JSON.stringify(others);
}

import { constants } from "node:crypto";
import type { SecureContextOptions } from "node:tls";

/**
 * The ciphers that Mozilla recommends for servers without very old clients ("intermediate", version 5.7), without those
 * that need a file of parameters. All of them have forward secrecy and authenticate their data.
 */
const ciphers = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
];

/** The versions and ciphers that the hub speaks. */
export const tlsProtocol = {
  minVersion: "TLSv1.2",
  ciphers: ciphers.join(":"),
  // A phone without hardware for AES is faster with ChaCha20, and knows that.
  honorCipherOrder: false,
  // A client of TLS 1.2 could make the hub repeat the expensive part of the handshake.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
} as const satisfies SecureContextOptions;

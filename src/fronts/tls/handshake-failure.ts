/**
 * Why handshakes fail.
 * - `timeout`: the client was too slow.
 * - `left`: the client ended the connection.
 * - `http`: the client speaks plain HTTP.
 * - `protocol`: the client and the hub have no version, cipher or application protocol in common.
 * - `certificate`: the client does not accept the certificate.
 * - `other`: the client does not speak TLS, or breaks its rules.
 */
export const handshakeFailures = ["timeout", "left", "http", "protocol", "certificate", "other"] as const;

export type HandshakeFailure = (typeof handshakeFailures)[number];

/** The error codes of Node and OpenSSL. An alert is a message of the client. */
const codes: readonly (readonly [RegExp, HandshakeFailure])[] = [
  [/^ERR_TLS_HANDSHAKE_TIMEOUT$/, "timeout"],
  [/^(?:ECONNRESET|EPIPE|ETIMEDOUT)$/, "left"],
  [/^ERR_SSL_HTTPS?_(?:PROXY_)?REQUEST$/, "http"],
  [
    /ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|ACCESS_DENIED)$/,
    "certificate",
  ],
  [/_PROTOCOL$|ALERT_PROTOCOL_VERSION$|NO_SHARED_|NO_SUITABLE_|ALERT_HANDSHAKE_FAILURE$/, "protocol"],
];

/** The reason of a failed handshake, for a counter. */
export function handshakeFailureOf(error: Error & { readonly code?: unknown }): HandshakeFailure {
  const code = String(error.code);
  return codes.find(([pattern]) => pattern.test(code))?.[1] ?? "other";
}

import { setting, textOf } from "../declare/setting.js";
import { onOrOff } from "../values/addresses.js";
import { cookieName } from "../values/cookie-name.js";
import { wholeNumber } from "../values/number.js";
import { issuerAllowed, jwksAllowed, keyAllowed, sharedSecret } from "../values/token-issuer.js";

/** Settings for access tokens. These settings name one issuer; the file can name further issuers under `tokens`. */
export const tokenSettings = {
  anonymous: setting({
    option: "anonymous",
    reload: true,
    argument: "<on|off>",
    value: onOrOff,
    default: "on",
    help: "Let clients read public topics without a token.",
  }),
  tokenIssuer: setting({
    option: "token-issuer",
    reload: true,
    argument: "<ISSUER>",
    value: textOf(issuerAllowed),
    otherwise: "the hub's URL",
    help: "Issuer (`iss`) of the tokens that the key, the JWK set and the secret below verify.",
    notes: "The file can name more issuers under `tokens`; see the end of the settings.",
  }),
  tokenKey: setting({
    option: "token-key",
    reload: true,
    argument: "<FILE>",
    value: textOf(keyAllowed),
    help: "PEM file with the public key that verifies tokens: RSA, EC or Ed25519.",
  }),
  tokenJwks: setting({
    option: "token-jwks",
    reload: true,
    argument: "<FILE|URL>",
    value: textOf(jwksAllowed),
    help: "JWK set that verifies tokens: a file, or an https URL that the hub loads again when keys change.",
  }),
  tokenSecret: setting({
    option: "token-secret",
    reload: true,
    argument: "<SECRET>",
    secret: true,
    value: sharedSecret,
    help: "Secret of at least 32 bytes that signs and verifies tokens: text, or `base64:` and the bytes in base64.",
  }),
  tokenLeeway: setting({
    option: "token-leeway",
    reload: true,
    argument: "<SECONDS>",
    value: wholeNumber({ from: 0, to: 60 }),
    default: 0,
    help: "Difference between the issuers' clocks and the hub's clock that the hub tolerates.",
    notes: `With a leeway, a token is valid this much longer than its \`exp\`, and this much earlier than its \`nbf\`. Streams end at \`exp\` plus the
leeway. The hub does not check \`iat\`.`,
  }),
  cookieName: setting({
    option: "cookie-name",
    reload: true,
    argument: "<NAME>",
    value: cookieName,
    otherwise: "__Secure-mercure_access_token, then mercureAuthorization",
    help: "Name of the cookie with a client's token. The hub then reads no other cookie.",
  }),
} as const;

import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { SignJWT } from "jose";
import { startSite, type Answer } from "../site.js";

/** Shared by this application, which signs tokens, and the hub, which verifies them. */
const secret = randomBytes(32).toString("hex");

/** A level of a topic, and nothing in a token that means more than itself, as `{` would. */
const nameForm = /^[\p{L}\p{N}]{1,20}$/u;

/** Lets its bearer speak in the lobby under this name, and under no other, for an hour. */
function tokenFor(name: string): Promise<string> {
  return new SignJWT({ mercure: { publish: [`chat/lobby/${name}`] } })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(Buffer.from(secret));
}

/** Whoever asks gets the name that they ask for: in life one proves who one is. */
async function answer(request: IncomingMessage): Promise<Answer | undefined> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  if (request.method !== "POST" || pathname !== "/join") return undefined;
  const name = searchParams.get("name") ?? "";
  return nameForm.test(name) ? { status: 200, body: await tokenFor(name) } : { status: 400 };
}

const settings = {
  PHAROS_TOKEN_SECRET: secret,
  // What a page that comes late is shown: so many lines of each who has spoken.
  PHAROS_LIMITS_HISTORY_TOPIC_EVENTS: "100",
};
await startSite({ page: new URL("index.html", import.meta.url), settings, answer });

import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { SignJWT } from "jose";
import { startSite, type Answer } from "../site.js";

/** The shared key: the application signs tokens with this key, and the hub verifies the tokens. */
const secret = randomBytes(32).toString("hex");

/** One level of a topic. In a token, a topic with `{` is a URI template. */
const nameForm = /^[\p{L}\p{N}]{1,20}$/u;

/** A token that allows a user to publish under this name only, for one hour. */
function tokenFor(name: string): Promise<string> {
  return new SignJWT({ mercure: { publish: [`chat/lobby/${name}`] } })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(Buffer.from(secret));
}

/** Accepts the name that each user chooses. A real application checks who the user is. */
async function answer(request: IncomingMessage): Promise<Answer | undefined> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  if (request.method !== "POST" || pathname !== "/join") return undefined;
  const name = searchParams.get("name") ?? "";
  return nameForm.test(name) ? { status: 200, body: await tokenFor(name) } : { status: 400 };
}

const settings = {
  PHAROS_TOKEN_SECRET: secret,
  // The hub stores the last 100 lines of each user, and sends these lines to a new page.
  PHAROS_LIMITS_HISTORY_TOPIC_EVENTS: "100",
};
await startSite({ page: new URL("index.html", import.meta.url), settings, answer });

import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { SignJWT } from "jose";
import { HttpPublisher } from "pharos";
import { startSite, type Answer } from "../site.js";

/** The shared key: the application signs tokens with this key, and the hub verifies the tokens. */
const secret = randomBytes(32).toString("hex");

const users = new Set(["ada", "grace"]);

/**
 * A token that allows a user to read the private publications of this user's topic for one hour. The token does not
 * allow publishing.
 */
function tokenFor(user: string): Promise<string> {
  return new SignJWT({ mercure: { subscribe: [`users/${user}`] } })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(Buffer.from(secret));
}

/** Logs in without a password. A real application checks who the user is. */
async function logIn(user: string): Promise<Answer> {
  if (!users.has(user)) return { status: 403 };
  // Browsers send the cookie to every port of the host, so they also send it to the hub. If you use https, add the
  // attribute `Secure` to the cookie.
  const cookie = `mercureAuthorization=${await tokenFor(user)}; Path=/; HttpOnly; SameSite=Strict`;
  return { status: 204, headers: { "Set-Cookie": cookie } };
}

async function answer(request: IncomingMessage): Promise<Answer | undefined> {
  const [, action, user = ""] = (request.url ?? "").split("/");
  if (request.method !== "POST") return undefined;
  if (action === "login") return logIn(user);
  if (action !== "notify" || !users.has(user)) return undefined;
  const data = `Something happened for ${user} at ${new Date().toLocaleTimeString()}`;
  await publisher.publish({ topic: `users/${user}`, data, private: true });
  return { status: 204 };
}

const page = new URL("index.html", import.meta.url);
const settings = { PHAROS_TOKEN_SECRET: secret };
const { hub } = await startSite({ page, settings, answer });
const publisher = new HttpPublisher(hub);

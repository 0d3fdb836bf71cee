import { request } from "node:https";
import type { IncomingMessage } from "node:http";
import { expect, onTestFinished } from "vitest";
import { mercurePath } from "../../src/protocol.js";
import { startHub, type HubProcess } from "./hub-process.js";
import { startNginx, type Nginx } from "./nginx.js";
import { currentToken, hubUrl, issuer, secret } from "./token.js";
import { Changes } from "./wait-for.js";

const within = 30_000;

/** Starts a hub that accepts the tokens of test/support/token.ts, and starts nginx in front of the hub. */
export async function startBehindNginx(): Promise<{ readonly hub: HubProcess; readonly nginx: Nginx }> {
  const hub = await startHub({
    args: ["--trusted-proxy", "127.0.0.1", "--log-level", "debug", "--publish-origin", "https://localhost"],
    env: { PHAROS_PUBLIC_URL: hubUrl, PHAROS_TOKEN_ISSUER: issuer, PHAROS_TOKEN_SECRET: secret },
  });
  return { hub, nginx: await startNginx({ upstream: `127.0.0.1:${hub.httpPort}` }) };
}

interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request over TLS from 127.0.0.2, which is not a trusted proxy. */
export function ask(
  { port, certificate }: Nginx,
  { method = "GET", path, headers = {}, body = "" }: Ask,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        servername: "localhost",
        localAddress: "127.0.0.2",
        port,
        ca: certificate,
        method,
        path,
        headers,
      },
      resolve,
    );
    sent.on("error", reject);
    sent.end(body);
    onTestFinished(() => void sent.destroy());
  });
}

/** Publishes a form through nginx. */
export async function publish(nginx: Nginx, fields: Readonly<Record<string, string>>): Promise<void> {
  const headers = {
    Authorization: `Bearer ${await currentToken({ publish: ["*"] })}`,
    "Content-Type": "application/x-www-form-urlencoded",
  };
  const body = new URLSearchParams(fields).toString();
  const answer = await ask(nginx, { method: "POST", path: mercurePath, headers, body });
  answer.resume();
  expect(answer.statusCode).toBe(200);
}

/** The text of a stream, as it arrives. */
export class Reading {
  readonly #changes = new Changes();
  text = "";
  hasEnded = false;

  constructor(stream: IncomingMessage) {
    stream.setEncoding("utf8").on("data", (piece: string) => {
      this.text += piece;
      this.#changes.changed();
    });
    stream.once("end", () => {
      this.hasEnded = true;
      this.#changes.changed();
    });
  }

  async until(text: string): Promise<void> {
    await this.#changes.until(() => this.text.includes(text), { within, missing: `${text} has not come` });
  }
}

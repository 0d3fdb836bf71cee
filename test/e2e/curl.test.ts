import { spawn } from "node:child_process";
import { describe, expect, it, onTestFinished } from "vitest";
import { mercurePath } from "../../src/protocol.js";
import { startSite } from "../contract/site.js";
import { currentToken, hubUrl, issuer, olderToken, secret } from "../support/token.js";
import { Changes } from "../support/wait-for.js";

// The curl commands that the documentation of the Mercure protocol shows.

const within = 30_000;
const book = "https://example.com/books/1";

/** A run of curl. */
class Curl {
  readonly #changes = new Changes();
  stdout = "";
  stderr = "";
  code: number | null | undefined;

  constructor(args: readonly string[]) {
    const child = spawn("curl", ["--silent", "--show-error", ...args], { stdio: ["ignore", "pipe", "pipe"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#changes.changed();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    child.once("error", (error) => this.#ended(null, error.message));
    child.once("close", (code) => this.#ended(code, ""));
  }

  async until(text: string): Promise<void> {
    await this.#changes.until(() => this.stdout.includes(text) || this.code !== undefined, {
      within,
      missing: () => `${JSON.stringify(text)} has not come, but ${JSON.stringify(this.stdout)}`,
    });
    if (!this.stdout.includes(text))
      throw new Error(`curl ended before ${text} came: ${this.stdout}${this.stderr}`);
  }

  /** Waits until curl exits. Returns its output. */
  async output(): Promise<string> {
    await this.#changes.until(() => this.code !== undefined, { within, missing: "the end of curl" });
    if (this.code !== 0) throw new Error(`curl ended with ${this.code}: ${this.stderr}`);
    return this.stdout;
  }

  #ended(code: number | null, reason: string): void {
    this.stderr += reason;
    this.code = code;
    this.#changes.changed();
  }
}

const forms = [
  { form: "older", token: olderToken, matcher: "topic", template: "https://example.com/books/{id}" },
  {
    form: "current",
    token: currentToken,
    matcher: "match_urlpattern",
    template: "https://example.com/books/:id",
  },
] as const;

describe.each(["http", "mongrel2-shipped"] as const)("curl at %s", (front) => {
  it("prints a compressed stream event by event, also after other clients received more", async () => {
    const site = await startSite(front);
    const url = `http://localhost:${site.port}/esupdates?topic=news`;
    const stream = new Curl(["-N", "--compressed", "-H", "Accept: text/event-stream", "-D", "-", url]);
    await stream.until("\nretry: ");
    expect(stream.stdout).toMatch(/^content-encoding: gzip\r$/im);
    const expected = [
      "small",
      ...Array.from({ length: 100 }, (_, n) => `${n} ${"as before ".repeat(30)}end`),
    ];
    for (const data of expected.slice(0, 1)) await site.publish({ topics: ["news"], data });
    await stream.until("data: small\n\n");
    await Promise.all(expected.slice(1).map((data) => site.publish({ topics: ["news"], data })));
    await stream.until(`data: ${expected.at(-1)}\n\n`);
    expect(stream.stdout.match(/^data: .*$/gm)).toEqual(expected.map((data) => `data: ${data}`));
  });

  describe.each(forms)("with tokens of the $form form", ({ token, matcher, template }) => {
    async function startHub() {
      const settings = {
        PHAROS_PUBLIC_URL: hubUrl,
        PHAROS_TOKEN_ISSUER: issuer,
        PHAROS_TOKEN_SECRET: secret,
      };
      const site = await startSite(front, { settings });
      const hub = `http://localhost:${site.port}${mercurePath}`;
      const authorization = [
        "-H",
        `Authorization: Bearer ${await token({ publish: ["*"], subscribe: ["*"] })}`,
      ];
      return { hub, authorization };
    }

    it("publishes with -d and with --data-urlencode, and prints the id", async () => {
      const { hub, authorization } = await startHub();
      const stream = new Curl(["-N", "-G", hub, "--data-urlencode", `${matcher}=${template}`]);
      await stream.until("\nretry: ");
      const data = '{"status": "checked out"}';
      const post = ["-X", "POST", hub, ...authorization];
      const plain = new Curl([...post, "-d", `topic=${book}`, "-d", `data=${data}`]);
      const id = await plain.output();
      await stream.until(`id: ${id}\n`);
      const fields = ["--data-urlencode", `topic=${book}`, "--data-urlencode", "data=50% & more+"];
      const encoded = new Curl([...post, ...fields, "-d", "id=urn:x:1"]);
      expect(await encoded.output()).toBe("urn:x:1");
      await stream.until("data: 50% & more+\n\n");
      expect(stream.stdout.match(/^data: .*$/gm)).toEqual([`data: ${data}`, "data: 50% & more+"]);
    });

    it("reads private events with its token, and stored events with earliest", async () => {
      const { hub, authorization } = await startHub();
      const fields = ["--data-urlencode", `topic=${book}`, "--data-urlencode", "data=hidden"];
      await new Curl([
        "-X",
        "POST",
        hub,
        ...authorization,
        ...fields,
        "--data-urlencode",
        "private=on",
      ]).output();
      await new Curl([
        "-X",
        "POST",
        hub,
        ...authorization,
        "-d",
        `topic=${book}`,
        "-d",
        "data=open",
      ]).output();
      const everything = [
        "-N",
        "-H",
        "Last-Event-ID: earliest",
        "-G",
        hub,
        "--data-urlencode",
        `${matcher}=${book}`,
      ];
      const reader = new Curl([...everything, ...authorization]);
      const stranger = new Curl(everything);
      await Promise.all([reader.until("data: open\n"), stranger.until("data: open\n")]);
      expect(reader.stdout.match(/^data: .*$/gm)).toEqual(["data: hidden", "data: open"]);
      expect(stranger.stdout).not.toContain("hidden");
    });

    // Before a large body curl sends `Expect: 100-continue`, and waits up to a second for an answer.
    it("publishes a body that it announces with Expect: 100-continue", async () => {
      const { hub, authorization } = await startHub();
      const body = ["-d", `topic=${book}`, "-d", `data=${"x".repeat(100_000)}`];
      const sent = new Curl(["-H", "Expect: 100-continue", "-X", "POST", hub, ...authorization, ...body]);
      expect(await sent.output()).toMatch(/^#/);
    });

    it("gets the reason of a refusal", async () => {
      const { hub } = await startHub();
      const status = ["-o", "/dev/null", "-w", "%{http_code} %header{www-authenticate}"];
      expect(await new Curl([...status, "-d", `topic=${book}`, hub]).output()).toBe("401 Bearer");
      const wrong = ["-H", "Authorization: Bearer a.b.c"];
      expect(await new Curl([...status, ...wrong, "-d", `topic=${book}`, hub]).output()).toMatch(
        /^401 Bearer error="invalid_token"/,
      );
      expect(await new Curl(["-o", "/dev/null", "-w", "%{http_code}", hub]).output()).toBe("400");
    });
  });
});

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "./free-port.js";
import { startHub } from "./hub-process.js";
import { root } from "./ipc.js";
import { secret } from "./token.js";

const run = promisify(execFile);

/** A program of the guide about publishing. */
export interface GuideProgram {
  /** The language of its block in the guide. */
  readonly language: string;
  readonly file: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** A Go program is compiled first, which needs minutes if the machine is busy. */
const within = 300_000;

/**
 * Tests programs of the guide, each against a hub at a free port, with the token of the guide's two commands. A program
 * must publish both publications and print their ids. Without a token it must fail.
 */
export function testGuidePrograms(programs: readonly GuideProgram[]): void {
  test.each(programs)(
    "the guide's program in $language publishes",
    async ({ language, file, command, args }) => {
      const guide = await readFile(join(root, "docs/guides/publishing.md"), "utf8");
      const hub = await startHub({
        env: { PHAROS_TOKEN_SECRET: secret },
        http: `127.0.0.1:${await freePort()}`,
      });
      const dir = await mkdtemp(join(tmpdir(), "pharos-example-"));
      onTestFinished(() => rm(dir, { recursive: true }));
      await writeFile(join(dir, file), programIn(guide, language));
      const environment = {
        ...process.env,
        HUB_URL: hub.httpUrl,
        TOKEN: await pasteTokenCommands(guide, hub.httpUrl),
        GOCACHE: join(dir, "cache"),
        GOFLAGS: "-mod=mod",
      };
      const { stdout } = await run(command, args, { cwd: dir, env: environment, timeout: within });
      const ids = stdout.match(/#[\w-]+:\d+/g);
      expect(ids ?? stdout).toHaveLength(2);
      expect(await pollOf(hub.httpUrl, "stocks/ACME")).toMatchObject([
        { id: ids?.[0], data: expect.stringMatching(/^\{"price":12\.40?\}$/) },
      ]);
      expect(await pollOf(hub.httpUrl, "news/sport")).toMatchObject([
        { data: "Hello" },
        { id: ids?.[1], data: expect.stringContaining("Hello from") },
      ]);
      await expect(
        run(command, args, { cwd: dir, env: { ...environment, TOKEN: "" }, timeout: within }),
        "without a token, the program says that it failed",
      ).rejects.toMatchObject({ code: expect.any(Number) });
    },
  );
}

/** The program of a language in the guide's section about other languages. */
function programIn(guide: string, language: string): string {
  const [, section = ""] = guide.split("### From other languages");
  const program = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "m").exec(section)?.[1];
  if (program === undefined) throw new Error(`the guide has no program in ${language}`);
  return program;
}

/** Pastes the two commands that make a token and publish with it, with the URL of the hub. Returns the token. */
async function pasteTokenCommands(guide: string, url: string): Promise<string> {
  const commands = /^```sh\n(TOKEN=[^]*?)^```$/m.exec(guide)?.[1];
  if (commands === undefined) throw new Error("the guide has no commands that make a token");
  const script = `set -e\n${commands.replaceAll("http://127.0.0.1:8080", url)}\necho; echo "$TOKEN"`;
  const { stdout } = await run("bash", ["-c", script], {
    cwd: root,
    env: { ...process.env, PHAROS_TOKEN_SECRET: secret },
    timeout: within,
  });
  const lines = stdout.trim().split("\n");
  expect(JSON.parse(lines.at(0) ?? ""), "the second command published").toEqual({ id: expect.any(String) });
  return lines.at(-1) ?? "";
}

async function pollOf(url: string, topic: string): Promise<readonly unknown[]> {
  const response = await fetch(`${url}/poll?topic=${topic}&last_event_id=earliest&wait=0`);
  return ((await response.json()) as { readonly events: readonly unknown[] }).events;
}

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../support/free-port.js";
import { startHub } from "../support/hub-process.js";
import { root } from "../support/ipc.js";
import { secret } from "../support/token.js";

const run = promisify(execFile);

/** How the program of a language is started, by the language of its block in the guide. */
const languages: ReadonlyMap<string, readonly [file: string, command: string, ...args: string[]]> = new Map([
  ["python", ["publish.py", "python3", "publish.py"]],
  ["php", ["publish.php", "php", "publish.php"]],
  ["ruby", ["publish.rb", "ruby", "publish.rb"]],
  ["go", ["main.go", "go", "run", "main.go"]],
]);

/** The program of a language in the guide's section about other languages. */
async function programOf(language: string): Promise<string> {
  const guide = await readFile(join(root, "docs/guides/publishing.md"), "utf8");
  const [, section = ""] = guide.split("### From other languages");
  const program = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "m").exec(section)?.[1];
  if (program === undefined) throw new Error(`the guide has no program in ${language}`);
  return program;
}

async function pollOf(url: string, topic: string): Promise<readonly unknown[]> {
  const response = await fetch(`${url}/poll?topic=${topic}&last_event_id=earliest&wait=0`);
  return ((await response.json()) as { readonly events: readonly unknown[] }).events;
}

test.each([...languages])(
  "the guide's program in %s publishes",
  async (language, [file, command, ...args]) => {
    const env = { PHAROS_TOKEN_SECRET: secret };
    const hub = await startHub({ env, http: `127.0.0.1:${await freePort()}` });
    const dir = await mkdtemp(join(tmpdir(), "pharos-example-"));
    onTestFinished(() => rm(dir, { recursive: true }));
    await writeFile(join(dir, file), await programOf(language));
    // Both commands of the guide, at the hub's own port.
    const pharos = join(root, "dist/cli/main.js");
    const token = await run("node", [pharos, "token", "--url", hub.httpUrl, "--publish", "*"], {
      env: { ...process.env, ...env },
    });
    const environment = {
      ...process.env,
      HUB_URL: hub.httpUrl,
      TOKEN: token.stdout.trim(),
      GOCACHE: join(dir, "cache"),
      GOFLAGS: "-mod=mod",
    };
    const { stdout } = await run(command, args, { cwd: dir, env: environment, timeout: 300_000 });
    const ids = stdout.match(/#[\w-]+:\d+/g);
    expect(ids ?? stdout).toHaveLength(2);
    expect(await pollOf(hub.httpUrl, "stocks/ACME")).toMatchObject([
      { id: ids?.[0], data: expect.stringMatching(/^\{"price":12\.40?\}$/) },
    ]);
    expect(await pollOf(hub.httpUrl, "news/sport")).toMatchObject([
      { id: ids?.[1], data: expect.stringContaining("Hello from") },
    ]);
    await expect(
      run(command, args, { cwd: dir, env: { ...environment, TOKEN: "" }, timeout: 300_000 }),
      "without a token, the program says that it failed",
    ).rejects.toMatchObject({ code: expect.any(Number) });
  },
);

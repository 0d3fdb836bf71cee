import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** Debian's Python, which has Debian's packages. */
const python = "/usr/bin/python3";

/** A client and the command that starts it. */
export type Client = readonly [name: string, command: readonly string[]];

interface Following {
  /** The folder with the clients' files and packages. */
  readonly folder: string;
  readonly url: string;
  /** The file of the certificate to trust; empty without TLS. */
  readonly certificate: string;
}

/** The commands of the clients that are no pages, without those whose language is not installed. */
export function clientCommands({ folder, url, certificate }: Following): readonly Client[] {
  const node = ["eventsource4", "eventsource2", "eventsource-client", "fetch-event-source"].map(
    (name): Client => [name, ["node", join(folder, "node-client.mjs"), name, url, folder]],
  );
  const pythons = ["requests", "urllib3", "httpx"]
    .filter((name) => works(python, ["-c", `import ${name}`]))
    .map((name): Client => [name, [python, join(folder, "python_client.py"), name, url, certificate]]);
  const others = languages
    .filter(({ check }) => works(...check))
    .map(({ name, command }): Client => [name, [...command(folder), url, certificate]]);
  const scratch = join(mkdtempSync(join(folder, "curl-")), "curl");
  const curl: Client = ["curl", ["sh", join(folder, "curl-client.sh"), url, certificate, scratch]];
  return [...node, ...pythons, ...others, curl];
}

interface Language {
  readonly name: string;
  /** Succeeds if the language is installed. */
  readonly check: readonly [command: string, parameters: readonly string[]];
  readonly command: (folder: string) => readonly string[];
}

const languages: readonly Language[] = [
  { name: "Ruby", check: ["ruby", ["-v"]], command: (at) => ["ruby", join(at, "ruby_client.rb")] },
  { name: "Go", check: ["go", ["version"]], command: (at) => [join(at, "go_client")] },
  { name: "PHP", check: ["php", ["-v"]], command: (at) => ["php", join(at, "php_client.php")] },
  {
    name: "Perl",
    check: ["perl", ["-MLWP", "-e", "1"]],
    command: (at) => ["perl", join(at, "perl_client.pl")],
  },
  { name: "Java", check: ["javac", ["-version"]], command: (at) => ["java", "-cp", at, "JavaClient"] },
];

/** Compiles the clients whose languages need a compiler. */
export async function compileClients(folder: string): Promise<void> {
  const options = { cwd: folder, env: { ...process.env, GOCACHE: join(folder, "go-cache") } };
  if (works("go", ["version"])) await promisify(execFile)("go", ["build", "go_client.go"], options);
  if (works("javac", ["-version"])) await promisify(execFile)("javac", ["JavaClient.java"], options);
}

function works(command: string, parameters: readonly string[]): boolean {
  try {
    execFileSync(command, parameters, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../ipc.js";

/** A block of shell commands of a page. */
export interface Block {
  /** The page and the first command, such as `README.md ./scripts/start`. */
  readonly name: string;
  readonly commands: readonly string[];
  /** The lines of the next block of the page, which may be the output. */
  readonly shown: readonly string[];
}

/** How the test runs a block. */
export interface Way {
  /** Texts of the page, and what the test needs in their place. */
  readonly replace?: readonly (readonly [theirs: string, ours: string])[];
  /** The command of another hub, which runs before the block. @default the hub of the block before, or its own */
  readonly hub?: string;
  /** Commands that run before the block, while the hub runs. */
  readonly before?: string;
  /** Commands that run behind the block. */
  readonly after?: string;
  /** The exit code of the last command. @default 0 */
  readonly code?: number;
  /** True: the output has the lines that the page shows in its next block. @default false */
  readonly isShown?: boolean;
}

const fence = /^```(\w*)\n([^]*?)^```$/gm;

/** The blocks of a page in their order. */
export function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(join(root, page), "utf8");
  const fences = [...text.matchAll(fence)];
  return fences.flatMap((match, at) => {
    const [, language, content = ""] = match;
    if (language !== "sh") return [];
    const commands = commandsOf(content);
    return [{ name: `${page} ${commands[0] ?? ""}`, commands, shown: linesOf(fences[at + 1]?.[2] ?? "") }];
  });
}

/** The commands without comments. A command that is continued in the next line is one command. */
function commandsOf(content: string): readonly string[] {
  return linesOf(content.replaceAll("\\\n", " ")).map((line) =>
    line
      .replace(/ +# .*$/, "")
      .replaceAll(/ +/g, " ")
      .trim(),
  );
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}

const hub = /scripts\/(?:start|mongrel2)\b|pharos serve\b|systemd-socket-activate/;
/** Prints nothing before the first event. */
const subscriber = /pharos subscribe\b/;
const stream = /\bcurl .*-N\b/;

export function startsHub({ commands }: Block): boolean {
  return commands.some((command) => hub.test(command));
}

/** Functions that the commands of all pages use. */
export const prelude = `
set -m
output=/tmp/output at=0 hub=
mkdir $output
fail() {
  tail -n +1 $output/* >&2
  printf '%s\n' "$*" >&2
  exit 1
}
# Waits until the output of the job $1, in the file $2, has a line that matches $3.
wait_for() {
  local end=$((SECONDS + 120))
  while ((SECONDS < end)); do
    grep -qE -- "$3" "$2" && return
    kill -0 "$1" 2>/dev/null || break
    sleep 0.1
  done
  grep -qE -- "$3" "$2" || fail "$2 has no line $3"
}
# Waits until the outputs of the block have the line $1, with other ids, times and numbers.
shown() {
  local end=$((SECONDS + 60))
  while ((SECONDS < end)); do
    awk 1 $output/* | sed -E "$variable" | grep -xF -- "$1" >/dev/null && return
    sleep 0.1
  done
  fail "no output has the line $1"
}
end_hub() {
  [[ -n $hub ]] || return 0
  kill -INT -- "-$hub"
  wait "$hub"
  hub=
}
`;

/** What differs in each run, for `sed -E` and for JavaScript. */
const variable: readonly (readonly [string, string])[] = [
  ["#[A-Za-z0-9_-]{8}:[0-9]+", "#ID"],
  ['(retry: |retryMs":)[0-9]+', "\\1N"],
  ['urn:uuid:[^"]*', "UUID"],
];

const sed = variable.map(([from, to]) => `s/${from}/${to}/g`).join("; ");

function withoutVariables(line: string): string {
  return variable.reduce(
    (text, [from, to]) => text.replaceAll(new RegExp(from, "g"), to.replace("\\1", "$1")),
    line,
  );
}

/** The commands in bash that run a block as a reader does: each command that stays has a terminal of its own. */
export function scriptOf(block: Block, way: Way = {}): string {
  const { replace = [], before = "", after = "", code = 0, isShown = false } = way;
  const commands = block.commands.map((command) =>
    replace.reduce((text, [theirs, ours]) => text.replaceAll(theirs, ours), command),
  );
  const last = commands.length - 1;
  const lines = isShown ? block.shown.filter((line) => !line.includes("…")) : [];
  return [
    "output=/tmp/output/$((++at)); mkdir -p $output",
    way.hub === undefined ? "" : lineOf(way.hub),
    before,
    ...commands.map((command, at) => lineOf(command, at === last ? code : 0)),
    after,
    `variable=${quoted(sed)}`,
    ...lines.map((line) => `shown ${quoted(withoutVariables(line))}`),
  ].join("\n");
}

/** A command that stays runs until the end, or until the next hub starts. */
function lineOf(command: string, code = 0): string {
  const file = "file=$output/$((++at))";
  const job = `{ ${command.replace(/ &$/, "")}\n} >$file 2>&1`;
  if (hub.test(command))
    return `end_hub; ${file}\n${job} & hub=$!\nwait_for $hub $file '^ready |^Listening on'`;
  if (subscriber.test(command)) return `${file}\n${job} &`;
  if (stream.test(command)) return `${file}\n${job} &\nwait_for $! $file '^(: |heartbeat: )'`;
  return `${file} code=0\n${job} || code=$?\n[[ $code == ${code} ]] || fail ${quoted(command)} "ended with $code"`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

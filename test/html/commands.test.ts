import { execFileSync } from "node:child_process";

import { array, constant, constantFrom, oneof, record, sample, string, type Arbitrary } from "fast-check";
import { expect, test } from "vitest";

import { importPageModule } from "./modules.js";

interface Publication {
  readonly topic: string;
  readonly data: string;
  readonly type?: string;
  readonly id?: string;
  readonly retain?: true;
  readonly private?: true;
}

interface Shown {
  readonly title: string;
  readonly text: string;
}

interface CommandModule {
  firstPublishLine(
    publication: Pick<Publication, "topic" | "data">,
    options: { readonly hasToken: boolean },
  ): string;
  publishCommands(
    publication: Publication,
    options: { readonly hasToken: boolean; readonly program: string },
  ): readonly Shown[];
  subscribeCommands(
    topics: readonly string[],
    options: Readonly<Record<"carrier" | "transport" | "program", string>> & { readonly hasToken: boolean },
  ): readonly Shown[];
}

// The page's modules read the address of the page.
Object.assign(globalThis, { document: { baseURI: "http://127.0.0.1:8080/live/" } });
const page = await importPageModule<CommandModule>("commands.js");

/** Texts with the characters that a shell interprets. A browser's fields hold no NUL and no lone surrogate. */
const text = array(
  oneof(
    constantFrom(
      ...Array.from("'\"`$\\!*?&|;<>(){}[]#~=% -@+/\n\t"),
      "$(id)",
      "${HOME}",
      "'\\''",
      "--",
      "é",
      "日",
      "😀",
    ),
    string({ unit: "grapheme", maxLength: 3 }),
  ),
  { maxLength: 12 },
).map((parts) => parts.join("").replaceAll("\0", "").toWellFormed());
const word = text.filter((value) => value !== "");
const publications: Arbitrary<Publication> = record(
  { topic: word, data: text, type: word, id: word, retain: constant(true), private: constant(true) },
  { requiredKeys: ["topic", "data"] },
);

/** Runs a command in a shell in which the tools print their arguments, and returns these arguments. */
function argumentsOf(commands: readonly string[], shell: string, token: string): readonly string[][] {
  const print = `{ for each in "$@"; do printf '%s\\0' "$each"; done; printf '\\1\\0'; }`;
  const script = [`curl() ${print}`, `pharos() ${print}`, ...commands].join("\n");
  const env = token === "" ? {} : { PHAROS_TOKEN: token };
  const output = execFileSync(shell, [], { input: script, env, maxBuffer: 64 * 1024 * 1024 }).toString();
  return output
    .split("\u0001\0")
    .slice(0, -1)
    .map((line) => line.split("\0").slice(0, -1));
}

const base = "http://127.0.0.1:8080/live/";

function publishArguments({ topic, data, type, id, retain, private: isPrivate }: Publication): string[] {
  return [
    "publish",
    "--url",
    base,
    "--topic",
    topic,
    ...(type === undefined ? [] : ["--type", type]),
    ...(id === undefined ? [] : ["--id", id]),
    ...(retain ? ["--retain"] : []),
    ...(isPrivate ? ["--private"] : []),
    "--data",
    data,
  ];
}

// Bugs: without a token, curl sent an empty header. Retain and private were left out, so a private publication became
// public. Topics such as `..`, and types that are not Latin-1, did not arrive as they were.
test.each(["sh", "bash"])(
  "in %s, 1,000 publications keep every field in the commands of the page",
  (shell) => {
    const samples = sample(publications, { numRuns: 1_000, seed: 10 });
    for (const token of ["", "a.b.c"]) {
      const shown = samples.map((each) =>
        page.publishCommands(each, { hasToken: token !== "", program: "pharos" }),
      );
      const curl = argumentsOf(
        shown.map(([command]) => command?.text ?? ""),
        shell,
        token,
      );
      const pharos = argumentsOf(
        shown.map(([, command]) => command?.text ?? ""),
        shell,
        token,
      );
      expect(pharos).toEqual(samples.map(publishArguments));
      const header = token === "" ? [] : ["-HAuthorization: Bearer a.b.c"];
      expect(curl.map((args) => args.toSpliced(4, 1))).toEqual(
        samples.map(() => [
          `${base}publish`,
          "-H",
          "Content-Type: application/x-ndjson",
          "--data-raw",
          ...header,
        ]),
      );
      expect(curl.map((args) => JSON.parse(args[4] ?? "") as unknown)).toEqual(samples);
    }
  },
);

test.each(["sh", "bash"])("in %s, 1,000 lists of filters arrive whole", (shell) => {
  const samples = sample(array(word, { maxLength: 3 }), { numRuns: 1_000, seed: 11 });
  const options = { hasToken: false, transport: "auto", carrier: "event-stream", program: "pharos" };
  const shown = samples.map((topics) => page.subscribeCommands(topics, options));
  const curl = argumentsOf(
    shown.map(([command]) => command?.text ?? ""),
    shell,
    "",
  );
  const pharos = argumentsOf(
    shown.map(([, command]) => command?.text ?? ""),
    shell,
    "",
  );
  expect(pharos).toEqual(
    samples.map((topics) => ["subscribe", "--url", base, ...topics.flatMap((topic) => ["--topic", topic])]),
  );
  const followed = curl.map(([, url = ""]) => new URL(url).search.slice(1).split("&").filter(Boolean));
  expect(followed.map((pairs) => pairs.map((pair) => decodeURIComponent(pair.slice(6))))).toEqual(samples);
});

test("the command of the first steps publishes to the topic that it names, also if a URL cannot hold the topic", () => {
  const samples = [...sample(publications, { numRuns: 1_000, seed: 12 }), { topic: "a/../b", data: "x" }];
  const shown = samples.map((each) => page.firstPublishLine(each, { hasToken: false }));
  const sent = argumentsOf(shown, "sh", "").map((args) => {
    const raw = args.indexOf("--data-raw");
    if (raw !== -1) return JSON.parse(args[raw + 1] ?? "") as unknown;
    const { href } = new URL(args[2] ?? "");
    return { topic: decodeURIComponent(href.slice(`${base}publish/`.length)), data: args[1] };
  });
  expect(sent).toEqual(samples.map(({ topic, data }) => ({ topic, data })));
});

test("a shell without the variable sends no header, also if the page has a token", () => {
  const [curl] = page.publishCommands({ topic: "a", data: "b" }, { hasToken: true, program: "pharos" });
  expect(argumentsOf([curl?.text ?? ""], "sh", "")[0]).not.toContain("-HAuthorization: Bearer ");
});

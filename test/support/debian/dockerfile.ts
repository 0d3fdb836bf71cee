/** An instruction of a Dockerfile, such as `RUN` with its text. */
export interface Instruction {
  readonly line: number;
  readonly name: string;
  /** The text behind the name, without line breaks. */
  readonly text: string;
}

/** Splits a Dockerfile into its instructions. Lines that end with a backslash go on in the next line. */
export function parseDockerfile(text: string): readonly Instruction[] {
  const instructions: Instruction[] = [];
  let [open, from] = ["", 0];
  for (const [index, line] of text.split("\n").entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    if (open === "") from = index + 1;
    open += line.replace(/\\$/, "");
    if (line.endsWith("\\")) continue;
    const [, name = "", rest = ""] = /^\s*([A-Z]+)\s+(.*)$/.exec(open) ?? [];
    if (name === "") throw new Error(`line ${from} of the Dockerfile is no instruction: ${open}`);
    instructions.push({ line: from, name, text: rest.trim().replaceAll(/ {2,}/g, " ") });
    open = "";
  }
  return instructions;
}

/** The words of the exec form, such as `["node", "main.js"]`. Throws for the shell form. */
export function execForm({ name, line, text }: Instruction): readonly string[] {
  const words: unknown = JSON.parse(text.replace(/^[^[]*/, ""));
  if (!Array.isArray(words) || !words.every((word) => typeof word === "string"))
    throw new Error(`line ${line}: ${name} needs a list of words`);
  return words;
}

/** The pairs of an `ENV` instruction. */
export function pairsOf({ text }: Instruction): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...text.matchAll(/(\w+)=(\S*)/g)].map(([, name = "", value = ""]) => [name, value]),
  );
}

export interface Copy {
  /** The stage that has the files; undefined for the checkout. */
  readonly stage: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

/** The parts of a `COPY` instruction. */
export function copyOf({ text, line }: Instruction): Copy {
  const words = text.split(" ");
  const stage = /^--from=(.*)$/.exec(words[0] ?? "")?.[1];
  const paths = stage === undefined ? words : words.slice(1);
  if (paths.length < 2 || paths.some((path) => path.startsWith("--")))
    throw new Error(`line ${line}: COPY ${text} is not supported here`);
  return { stage, sources: paths.slice(0, -1), target: paths.at(-1) ?? "" };
}

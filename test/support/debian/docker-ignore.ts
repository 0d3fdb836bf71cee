import { cp, mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

interface Rule {
  readonly pattern: RegExp;
  readonly isIncluded: boolean;
}

/** The rules of a .dockerignore file. The last rule that matches a path, or a folder above it, decides. */
export class DockerIgnore {
  readonly #rules: readonly Rule[];

  constructor(text: string) {
    const lines = text.split("\n").filter((line) => !/^\s*(#|$)/.test(line));
    this.#rules = lines.map((line) => {
      const isIncluded = line.startsWith("!");
      return { pattern: patternOf(isIncluded ? line.slice(1) : line), isIncluded };
    });
  }

  /** True if Docker sends this path, such as `src/index.ts`, to the build. */
  includes(path: string): boolean {
    const parts = path.split("/");
    const paths = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
    const last = this.#rules.findLast(({ pattern }) => paths.some((part) => pattern.test(part)));
    return last?.isIncluded ?? true;
  }
}

function patternOf(glob: string): RegExp {
  const escaped = glob.trim().replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll("*", "[^/]*")}$`);
}

/** Copies the files that Docker would send to the build. */
export async function copyContext(from: string, to: string): Promise<void> {
  const ignore = new DockerIgnore(await readFile(join(from, "deploy/Dockerfile.dockerignore"), "utf8"));
  for (const top of await readdir(from)) {
    if (!ignore.includes(top)) continue;
    await cp(join(from, top), join(to, top), {
      recursive: true,
      filter: (path) => ignore.includes(path.slice(from.length + 1)),
    });
  }
}

/** Copies as the instruction COPY does: the content of a folder, not the folder itself. */
export async function copyLikeDocker(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await cp(source, target, { recursive: true, verbatimSymlinks: true });
}

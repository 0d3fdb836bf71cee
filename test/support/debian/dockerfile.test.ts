import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../ipc.js";
import { DockerIgnore } from "./docker-ignore.js";
import { copyOf, execForm, pairsOf, parseDockerfile } from "./dockerfile.js";

const dockerfile = readFileSync(join(root, "deploy/Dockerfile"), "utf8");
const ignore = new DockerIgnore(readFileSync(join(root, "deploy/Dockerfile.dockerignore"), "utf8"));

test("a Dockerfile is its instructions, with their lines joined", () => {
  const [from, run, env, cmd] = parseDockerfile(
    '# comment\nFROM a AS b\n\nRUN one && \\\n    # comment\n    two\nENV A=1 B=2\nCMD ["x", "y"]\n',
  );
  expect(from).toEqual({ line: 2, name: "FROM", text: "a AS b" });
  expect(run).toEqual({ line: 4, name: "RUN", text: "one && two" });
  expect(env && pairsOf(env)).toEqual({ A: "1", B: "2" });
  expect(cmd && execForm(cmd)).toEqual(["x", "y"]);
});

test.each(["COPY --chown=a b c", "COPY a"])("the instruction %s is refused", (line) => {
  const [copy] = parseDockerfile(line);
  expect(() => copy && copyOf(copy)).toThrow("line 1: COPY");
});

test("a line that is no instruction is refused", () => {
  expect(() => parseDockerfile("FROM a\nrun b")).toThrow("line 2");
});

test("deploy/Dockerfile copies only files that exist, and that Docker sends to the build", () => {
  const copies = parseDockerfile(dockerfile)
    .filter(({ name }) => name === "COPY")
    .map((instruction) => copyOf(instruction));
  const sources = copies.flatMap(({ stage, sources }) => (stage === undefined ? sources : []));
  expect(sources.length).toBeGreaterThan(5);
  expect(sources.filter((path) => !existsSync(join(root, path)) || !ignore.includes(path))).toEqual([]);
});

test.each([
  ["src/index.ts", true],
  ["package.json", true],
  ["html/index.html", true],
  ["html/pharos-client.js", false],
  ["node_modules/zod/package.json", false],
  [".git/config", false],
  ["deploy/secrets/token-secret", false],
])("%s goes into the build: %s", (path, isSent) => {
  expect(ignore.includes(path)).toBe(isSent);
});

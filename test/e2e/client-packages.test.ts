import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startHub } from "../support/hub-process.js";
import { root } from "../support/ipc.js";
import { installPackages } from "../support/packages.js";

const execute = promisify(execFile);
const compiler = join(root, "node_modules", ".bin", "tsc");

/** The most bytes of the installed client. */
const mostBytes = 200_000;

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    statSync(join(folder, file)).isFile(),
  );
}

describe("@pharos/client", () => {
  let folder = "";
  const packageFolder = (): string => join(folder, "node_modules/@pharos/client");

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "pharos-client-package-"));
    await installPackages(folder, { names: ["client"] });
  }, 180_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("is one small package without dependencies", () => {
    expect(readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."))).toEqual([
      "@pharos",
    ]);
    expect(readdirSync(join(folder, "node_modules/@pharos"))).toEqual(["client"]);
    const files = filesOf(packageFolder());
    expect(files).toEqual(
      expect.arrayContaining(["LICENSE", "README.md", "dist/index.js", "dist/worker.js"]),
    );
    expect(files.filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))).toEqual([]);
    const bytes = files.reduce((sum, file) => sum + statSync(join(packageFolder(), file)).size, 0);
    expect(bytes).toBeLessThan(mostBytes);
  });

  // A page's program has the types of browsers only, and no types of Node.
  test.each([
    ["an ES module", "main.ts", "nodenext"],
    ["CommonJS", "main.cts", "nodenext"],
    ["a program for a bundler", "bundled.ts", "preserve --moduleResolution bundler"],
  ])("%s compiles with its types, without @types/node", async (_, file, module) => {
    writeFileSync(join(folder, file), typedProgram);
    const options = `--strict --noEmit --target es2022 --lib es2023,dom --types --module ${module}`.split(
      " ",
    );
    options.splice(options.indexOf("--types") + 1, 0, "");
    expect((await execute(compiler, [...options, file], { cwd: folder })).stdout).toBe("");
  });

  test.each([
    ["main.mjs", 'import { connect } from "@pharos/client";\n'],
    ["main.cjs", 'const { connect } = require("@pharos/client");\n'],
  ])("%s receives an event from a hub, and ends by itself", async (file, start) => {
    const hub = await startHub({ args: ["--open"] });
    await fetch(`${hub.httpUrl}/publish/a`, { method: "POST", body: "kept", headers: { Retain: "true" } });
    writeFileSync(join(folder, file), `${start}${runningProgram}`);
    const { stdout } = await execute(process.execPath, [file, hub.httpUrl], { cwd: folder, timeout: 60_000 });
    expect(stdout).toBe("kept\n");
  });
});

describe("@pharos/react", () => {
  let folder = "";

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "pharos-react-package-"));
    const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    const versionOf = (name: string): string => `${name}@${devDependencies[name] ?? ""}`;
    await installPackages(folder, {
      names: ["client", "react"],
      others: ["react", "react-dom"].map(versionOf),
    });
    mkdirSync(join(folder, "node_modules/@types"), { recursive: true });
    for (const name of ["@types/react", "csstype"])
      cpSync(join(root, "node_modules", name), join(folder, "node_modules", name), { recursive: true });
  }, 180_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("needs only React and the client", () => {
    const installed = readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."));
    expect(installed).toEqual(["@pharos", "@types", "csstype", "react", "react-dom", "scheduler"]);
    expect(readdirSync(join(folder, "node_modules/@pharos"))).toEqual(["client", "react"]);
  });

  test.each([
    ["main.ts", "nodenext"],
    ["main.cts", "nodenext"],
  ])("%s compiles with its types", async (file, module) => {
    writeFileSync(join(folder, file), reactProgram);
    const options =
      `--strict --noEmit --target es2022 --lib es2023,dom --types react --module ${module}`.split(" ");
    expect((await execute(compiler, [...options, file], { cwd: folder })).stdout).toBe("");
  });

  test.each([
    [
      "main.mjs",
      'import * as pharos from "@pharos/react";\nimport { createElement } from "react";\nimport { renderToString } from "react-dom/server";\n',
    ],
    [
      "main.cjs",
      'const pharos = require("@pharos/react");\nconst { createElement } = require("react");\nconst { renderToString } = require("react-dom/server");\n',
    ],
  ])("%s renders on a server", async (file, start) => {
    writeFileSync(join(folder, file), `${start}${serverProgram}`);
    const { stdout } = await execute(process.execPath, [file], { cwd: folder, timeout: 60_000 });
    expect(stdout).toBe("idle\n");
  });
});

const typedProgram = `
import { connect, StreamRefusedError, type ConnectOptions, type Live, type LiveItem } from "@pharos/client";
const options: ConnectOptions = { filters: ["a"], shared: { worker: "/worker.js" } };
const live: Live = connect("https://hub.example.org/", options);
live.on("event", ({ topics, data }) => console.log(topics[0], data.length));
export const item: LiveItem | undefined = undefined;
export const isRefused = (error: unknown): boolean => error instanceof StreamRefusedError;
`;

const runningProgram = `
const live = connect(process.argv[2], { filters: ["a"] });
live.on("event", ({ data }) => {
  console.log(data);
  live.close();
});
`;

const reactProgram = `
import { PharosProvider, useEvents, usePharos, useTopic, type PharosProviderProps } from "@pharos/react";
export const props: PharosProviderProps = { url: "/", options: { token: async () => "t" } };
export function useAll(): string {
  useEvents(["a/#"], (item) => console.log(item.kind === "event" ? item.data : item.reason));
  return (useTopic("a")?.data ?? "") + usePharos().state.kind + typeof PharosProvider;
}
`;

const serverProgram = `
const State = () => pharos.usePharos().state.kind;
console.log(renderToString(createElement(pharos.PharosProvider, { url: "/" }, createElement(State))));
`;

import { execFile } from "node:child_process";
import { mkdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { root } from "../ipc.js";
import { npmEnvironment, runInFolder, type EnterOptions } from "./debian-folder.js";
import { copyContext, copyLikeDocker } from "./docker-ignore.js";
import { copyOf, execForm, pairsOf, parseDockerfile, type Instruction } from "./dockerfile.js";

const execute = promisify(execFile);

/** The state of one stage while its instructions run. */
interface Stage {
  readonly dir: string;
  readonly env: Record<string, string>;
  folder: string;
  user: string;
  entrypoint: readonly string[];
  command: readonly string[];
  healthCheck: readonly string[];
  stopSignal: string;
  readonly volumes: string[];
}

/** What the last stage has become. */
export type Image = Readonly<Stage>;

export interface ImageOptions {
  /** The folder with the system of the base image. */
  readonly base: string;
  /** An empty folder for the stages and the context. */
  readonly scratch: string;
}

/**
 * Replays deploy/Dockerfile in folders, as `docker build` does in layers. The base image is a folder with the same
 * release of Debian and the same major version of Node. Throws for an instruction that it does not know.
 */
export async function buildImage({ base, scratch }: ImageOptions): Promise<Image> {
  const context = join(scratch, "context");
  await mkdir(context);
  await copyContext(root, context);
  const text = await readFile(join(root, "deploy/Dockerfile"), "utf8");
  const build = new Build({ base, scratch, context, npm: await npmEnvironment() });
  for (const instruction of parseDockerfile(text)) await build.run(instruction);
  return build.last;
}

interface Parts extends ImageOptions {
  readonly context: string;
  readonly npm: Readonly<Record<string, string>>;
}

class Build {
  readonly #parts: Parts;
  readonly #stages = new Map<string, Stage>();
  #stage: Stage | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get last(): Stage {
    if (this.#stage === undefined) throw new Error("the Dockerfile does not begin with FROM");
    return this.#stage;
  }

  async run(instruction: Instruction): Promise<void> {
    const { name, text, line } = instruction;
    if (name === "FROM") return this.#from(text);
    const stage = this.last;
    switch (name) {
      case "WORKDIR":
        stage.folder = text;
        await mkdir(join(stage.dir, text), { recursive: true });
        return;
      case "ENV":
        Object.assign(stage.env, pairsOf(instruction));
        return;
      case "COPY":
        return this.#copy(instruction);
      case "RUN":
        await runInFolder(stage.dir, ["/bin/sh", "-c", text], {
          ...enterOf(stage),
          env: { ...stage.env, ...this.#parts.npm },
        });
        return;
      case "USER":
        stage.user = text;
        return;
      case "VOLUME":
        stage.volumes.push(text);
        return;
      case "STOPSIGNAL":
        stage.stopSignal = text;
        return;
      case "HEALTHCHECK":
        stage.healthCheck = execForm(instruction);
        return;
      case "ENTRYPOINT":
        stage.entrypoint = execForm(instruction);
        return;
      case "CMD":
        stage.command = execForm(instruction);
        return;
      case "EXPOSE":
        return;
      default:
        throw new Error(`line ${line}: ${name} is not known here`);
    }
  }

  async #from(text: string): Promise<void> {
    const [image = "", , name] = text.split(" ");
    const earlier = this.#stages.get(image);
    const number = this.#stages.size;
    const dir = join(this.#parts.scratch, `stage-${number}`);
    await execute("cp", ["-a", earlier?.dir ?? this.#parts.base, dir]);
    this.#stage = {
      dir,
      env: { ...earlier?.env },
      folder: earlier?.folder ?? "/",
      user: "0:0",
      entrypoint: [],
      command: [],
      healthCheck: [],
      stopSignal: "SIGTERM",
      volumes: [],
    };
    this.#stages.set(name ?? String(number), this.#stage);
  }

  async #copy(instruction: Instruction): Promise<void> {
    const { stage: from, sources, target } = copyOf(instruction);
    const { dir, folder } = this.last;
    const place = from === undefined ? this.#parts.context : this.#stages.get(from)?.dir;
    if (place === undefined) throw new Error(`line ${instruction.line}: there is no stage ${from ?? ""}`);
    const to = join(dir, target.startsWith("/") ? target : join(folder, target));
    for (const source of sources) {
      const path = join(place, source);
      const isFile = (await stat(path)).isFile();
      await copyLikeDocker(path, isFile && target.endsWith("/") ? join(to, basename(source)) : to);
    }
  }
}

function enterOf({ folder, user }: Stage): EnterOptions {
  return { folder, user };
}

/** How the image's container runs: with a system that cannot be written, and a network of its own. */
export function containerOf({ env, folder, user, volumes }: Image): EnterOptions {
  return { env, folder, user, volumes, isReadOnly: true, hasOwnNetwork: true };
}

import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HubProcess } from "../hub-process.js";
import { atTestEnd } from "../on-end.js";
import { waitFor } from "../wait-for.js";

/** The settings file of a hub, which the test changes. */
export class SettingsFile {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(settings: object): Promise<SettingsFile> {
    const dir = await mkdtemp(join(tmpdir(), "pharos-reload-"));
    atTestEnd(() => rm(dir, { recursive: true, force: true }));
    const file = new SettingsFile(join(dir, "settings.json"));
    await file.write(settings);
    return file;
  }

  /** Replaces the file as a whole, so that the hub never reads a part of it. */
  async write(settings: object): Promise<void> {
    await writeFile(`${this.path}.new`, JSON.stringify(settings));
    await rename(`${this.path}.new`, this.path);
  }
}

/** Sends SIGHUP, and waits for the log line about the reload. Returns the time between them in milliseconds. */
export async function hangUp(hub: HubProcess): Promise<number> {
  const lines = (): number =>
    hub.stderr.split(/the configuration is (?:loaded again|not loaded again)/).length;
  const before = lines();
  const begin = performance.now();
  hub.signal("SIGHUP");
  await waitFor(() => lines() > before, { within: 60_000, missing: "the end of the reload", everyMs: 1 });
  return performance.now() - begin;
}

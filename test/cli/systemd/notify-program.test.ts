import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemdNotify } from "../../../src/cli/systemd/notify-program.js";
import { before } from "../../support/wait-for.js";

test("a program that hangs and ignores SIGTERM is killed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pharos-notify-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  // What a process ignores, the program that takes its place ignores, too.
  writeFileSync(join(folder, "systemd-notify"), "#!/bin/sh\ntrap '' TERM\nexec sleep 60\n", { mode: 0o755 });
  const path = [folder, process.env["PATH"] ?? ""].join(delimiter);
  const notify = systemdNotify({ NOTIFY_SOCKET: "/nowhere", PATH: path }, 1000);
  const ended = notify(["READY=1"]).catch(String);
  expect(await before(ended, { within: 30_000, missing: "the end of the program" })).toBe(
    "Error: systemd-notify ended with SIGKILL",
  );
});

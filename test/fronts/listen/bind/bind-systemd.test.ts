import { closeSync, openSync } from "node:fs";
import { createServer } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { bindSystemd } from "../../../../src/fronts/listen/bind/bind-systemd.js";

test("the reason names a descriptor that is not a listening socket, and says what the unit needs", async () => {
  const descriptor = openSync("/dev/null", "r");
  onTestFinished(() => closeSync(descriptor));
  // systemd passes the descriptors from 3 on. The one with the name is that of the file.
  const names = Array.from({ length: descriptor - 2 }, (_, index) =>
    index + 3 === descriptor ? "web" : "other",
  );
  vi.stubEnv("LISTEN_PID", String(process.pid));
  vi.stubEnv("LISTEN_FDS", String(names.length));
  vi.stubEnv("LISTEN_FDNAMES", names.join(":"));
  onTestFinished(() => void vi.unstubAllEnvs());
  await expect(bindSystemd(() => createServer(), { name: "web", secure: false })).rejects.toThrow(
    `descriptor ${descriptor} from systemd is not a listening stream socket; ` +
      "the .socket unit needs ListenStream=, and no Accept=yes",
  );
});

import { expect, test } from "vitest";
import type { HubProcess } from "../support/hub-process.js";
import { deployFile } from "../support/proxies/deploy-file.js";
import { startMachine, type Machine } from "../support/machine/machine.js";
import { waitFor } from "../support/wait-for.js";

const within = 120_000;
const configuration = "/etc/supervisor/supervisord.conf";

/** The commands of the comment in deploy/supervisor/pharos.conf, without the one that needs systemd. */
function installation(): string {
  const lines = [...deployFile("supervisor/pharos.conf").matchAll(/^; {3}(.*)$/gm)].map(
    ([, line = ""]) => line,
  );
  expect(lines.at(-1)).toBe("sudo systemctl restart supervisor");
  return ["set -e", "ln -s $PWD/dist/cli/main.js /usr/local/bin/pharos", ...lines.slice(0, -1)].join("\n");
}

/** The state of the program, such as `RUNNING`, and its process id. */
async function statusOf(machine: Machine): Promise<{ readonly state: string; readonly pid: number }> {
  const text = await machine.run("supervisorctl status pharos || true");
  const [, state = "", pid = "0"] = /^pharos +(\w+)(?: +pid (\d+))?/m.exec(text) ?? [];
  return { state, pid: Number(pid) };
}

function startSupervisord(machine: Machine): HubProcess {
  return machine.start(`ulimit -Sn 1024; ulimit -Hn 4096; exec supervisord --nodaemon -c ${configuration}`);
}

/** Waits until supervisord says that the hub runs with another process id, and returns this id. */
function running(machine: Machine, supervisord: HubProcess, before = 0): Promise<number> {
  return waitFor(
    async () => {
      if (supervisord.exit !== undefined) throw new Error(`supervisord has ended: ${supervisord.stderr}`);
      const { state, pid } = await statusOf(machine);
      return state === "RUNNING" && pid !== before ? pid : undefined;
    },
    { within, everyMs: 200, missing: "a running hub under supervisord" },
  );
}

test("supervisord starts a hub with deploy/supervisor/pharos.conf, starts it again after a crash, and stops it in order", async () => {
  const machine = await startMachine();
  await machine.run(installation());
  const supervisord = startSupervisord(machine);
  const pid = await running(machine, supervisord);
  const curl = "curl -sS --retry 60 --retry-connrefused --retry-delay 1";
  await machine.run(`${curl} -f http://127.0.0.1:8080/readyz`);
  expect(await machine.run(`ps -o user= -p ${pid}`)).toBe("pharos\n");
  expect(await machine.run(`grep 'open files' /proc/${pid}/limits`)).toMatch(/ 4096 +4096 /);
  expect(await machine.run("ls /var/lib/pharos")).toContain("journal");

  await machine.run(`kill -9 ${pid}`);
  const next = await running(machine, supervisord, pid);
  await machine.run(`${curl} -f http://127.0.0.1:8080/readyz`);

  const stream = machine.start("curl -sN 'http://127.0.0.1:8080/esupdates?topic=news'");
  await waitFor(() => stream.stdout.includes("retry:"), { within, missing: "an open stream" });
  await machine.run("supervisorctl stop pharos");
  expect(await stream.waitForExit({ within })).toEqual({ code: 0, signal: null });
  expect(stream.stdout).toMatch(/retry: \d+\n[^]*retry: \d+\n/);
  expect(await statusOf(machine)).toMatchObject({ state: "STOPPED" });
  await machine.run(`! kill -0 ${next} 2>/dev/null`);
  expect(supervisord.stdout).toContain("stopped: pharos (exit status 0)");
});

test("supervisord gives up a hub whose settings are wrong", async () => {
  const machine = await startMachine();
  await machine.run(installation());
  await machine.run(`echo '{"http":"nowhere"}' >/etc/pharos/pharos.json`);
  const supervisord = startSupervisord(machine);
  await waitFor(() => supervisord.stdout.includes("gave up: pharos entered FATAL state"), {
    within,
    everyMs: 200,
    missing: () => `supervisord does not give up: ${supervisord.stdout}`,
  });
  expect(await machine.run("cat /var/log/supervisor/pharos-stderr*")).toContain("nowhere");
});

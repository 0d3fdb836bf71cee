import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../support/ipc.js";
import { startMachine, type Machine } from "../support/machine/machine.js";

// The pieces of configuration in docs/operating, checked by the programs that read them. Whole files are in deploy/.

/** The block of a page that begins with this line. */
function pieceOf(page: string, begin: string): string {
  const text = readFileSync(join(root, "docs/operating", page), "utf8");
  const blocks = [...text.matchAll(/^```\w*\n([^]*?)^```$/gm)].map(([, block = ""]) => block);
  const piece = blocks.find((block) => block.startsWith(begin));
  if (piece === undefined) throw new Error(`docs/operating/${page} has no block that begins with ${begin}`);
  return piece;
}

async function write(machine: Machine, path: string, text: string): Promise<void> {
  await machine.run(`base64 -d >${path} <<<${Buffer.from(text).toString("base64")}`);
}

/** What HAProxy needs before a backend, such as `backend hub`. */
function haproxyBefore(backend: string): string {
  return `
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend clients
  bind 127.0.0.1:8080
  default_${backend}
`;
}

test.each([
  ["listening.md", "backend hub"],
  ["stopping.md", "backend hubs"],
])("HAProxy accepts the piece of %s that begins with %j", async (page, begin) => {
  const machine = await startMachine();
  await write(machine, "/tmp/haproxy.cfg", haproxyBefore(begin) + pieceOf(page, begin));
  const check = machine.start("haproxy -c -f /tmp/haproxy.cfg");
  expect(await check.waitForExit({ within: 60_000 })).toEqual({ code: 0, signal: null });
  expect(check.stdout + check.stderr).not.toMatch(/warning|alert/i);
});

test.each([
  ["listening.md", "proxy_pass", (piece: string) => `server { location / { ${piece} } }`],
  [
    "durability.md",
    "upstream",
    (piece: string) => `${piece} server { location / { proxy_pass http://pharos; } }`,
  ],
])("nginx accepts the piece of %s that begins with %j", async (page, begin, around) => {
  const machine = await startMachine();
  await write(machine, "/tmp/nginx.conf", `events {} http { ${around(pieceOf(page, begin))} }`);
  const check = machine.start("nginx -t -c /tmp/nginx.conf");
  expect(await check.waitForExit({ within: 60_000 })).toEqual({ code: 0, signal: null });
  expect(check.stderr).toContain("test is successful");
});

test("systemd accepts the socket of listening.md beside the unit of deploy/", async () => {
  const machine = await startMachine();
  await write(
    machine,
    "/etc/systemd/system/pharos.socket",
    pieceOf("listening.md", "# /etc/systemd/system/pharos.socket"),
  );
  const check = machine.start(`
    ln -s $PWD/dist/cli/main.js /usr/local/bin/pharos
    cp deploy/systemd/pharos.service /etc/systemd/system/
    systemd-analyze verify --man=no pharos.socket
  `);
  expect(await check.waitForExit({ within: 60_000 })).toEqual({ code: 0, signal: null });
  expect((check.stdout + check.stderr).split("\n").filter((line) => line.includes("pharos"))).toEqual([]);
});

test("logrotate rotates the access log as access-log.md says", async () => {
  const machine = await startMachine();
  await write(machine, "/etc/logrotate.d/pharos", pieceOf("access-log.md", "/var/log/pharos/access.log {"));
  const files = await machine.run(`
    mkdir -m 755 /var/log/pharos
    for day in 1 2; do
      echo "day $day" >/var/log/pharos/access.log
      logrotate --force /etc/logrotate.d/pharos || exit
    done
    ls /var/log/pharos; cat /var/log/pharos/access.log.1; zcat /var/log/pharos/access.log.2.gz
  `);
  expect(files).toMatch(/^access\.log\.1\naccess\.log\.2\.gz\nday 2\nday 1\n$/m);
});

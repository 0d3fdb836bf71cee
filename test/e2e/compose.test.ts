import { expect, test } from "vitest";
import { parse } from "yaml";
import type { HubProcess } from "../support/hub-process.js";
import { checkout, startMachine, type Machine } from "../support/machine/machine.js";
import { deployedAs, deployFile } from "../support/proxies/deploy-file.js";
import { waitFor } from "../support/wait-for.js";

// The services of deploy/compose.yaml with Debian's programs, as Docker is not there: one network, and an address for
// each service.

const within = 120_000;
const compose = `${checkout}/deploy/compose`;
const hosts = ["127.0.0.2 hub", "127.0.0.3 nats"];

interface Services {
  readonly hub: {
    readonly environment: Readonly<Record<string, string>>;
    readonly secrets: readonly string[];
  };
}

/** The commands of the comment in compose.yaml that create the secrets, and the folder that Docker mounts. */
function secrets(): string {
  const lines = [...deployFile("compose.yaml").matchAll(/^# {3}(mkdir|openssl) .*$/gm)].map(([line]) =>
    line.slice(4),
  );
  expect(lines).toHaveLength(3);
  return ["set -e", ...lines, "ln -s $PWD/deploy/secrets /run/secrets"].join("\n");
}

async function write(machine: Machine, path: string, text: string): Promise<void> {
  await machine.run(`base64 -d >${path} <<<${Buffer.from(text).toString("base64")}`);
}

/** Starts nats-server with compose/nats.conf. Versions before 2.10 do not know `sync_interval: always`. */
async function startNats(machine: Machine): Promise<void> {
  const version = /v(\d+)\.(\d+)\./.exec(await machine.run("nats-server --version"));
  const isOld = Number(version?.[1]) === 2 && Number(version?.[2]) < 10;
  const check = machine.start(`nats-server -t -c ${compose}/nats.conf`);
  expect(await check.waitForExit({ within })).toEqual({ code: isOld ? 1 : 0, signal: null });
  const message = isOld ? /nats\.conf:\d+:\d+: unknown field "sync_interval"$/ : /nats\.conf is valid$/;
  expect(check.stderr.trim()).toMatch(message);
  const text = deployedAs("compose/nats.conf", [
    ["store_dir: /data", "store_dir: /var/lib/nats-data"],
    ...(isOld ? [["  sync_interval: always\n", ""] as const] : []),
  ]);
  await write(machine, "/etc/nats.conf", text);
  machine.start("nats-server -a 127.0.0.3 -c /etc/nats.conf");
}

function startNginx(machine: Machine): void {
  // The hub has the same port at another address.
  const file = "sed 's/listen 8080;/listen 127.0.0.1:8080;/'";
  machine.start(`${file} ${compose}/nginx.conf >/etc/nginx/nginx.conf; exec nginx -g 'daemon off;'`);
}

async function startHub(machine: Machine, { environment }: Services["hub"]): Promise<void> {
  const env = {
    ...environment,
    PHAROS_HTTP: "127.0.0.2:8080",
    PHAROS_ADMIN: "127.0.0.2:8081",
    PHAROS_TRUSTED_PROXY: "127.0.0.1",
  };
  await machine.start("./scripts/pharos serve", { env }).waitForReady({ within });
}

async function until(stream: HubProcess, text: string): Promise<void> {
  await waitFor(() => stream.stdout.includes(text), {
    within,
    missing: () => `${text} is missing in ${stream.stdout}${stream.stderr}`,
  });
}

const socketProgram = `
const socket = new WebSocket("ws://localhost:8080/ws?topic=news", "pharos");
socket.onmessage = ({ data }) => console.log(data);
socket.onerror = ({ message }) => console.error(message);
`;

/** The commands of docs/operating/deploying.md that publish at the services, with a token. */
const publish = `
export PHAROS_TOKEN_SECRET_FILE=deploy/secrets/token-secret PHAROS_PUBLIC_URL=http://localhost:8080
curl -sSf -d 'Hello' -H "Authorization: Bearer $(./scripts/pharos token --publish '*')" http://localhost:8080/publish/news
`;

test("the services of compose.yaml pass streams, WebSockets and polls on at once, and store events on NATS", async () => {
  const machine = await startMachine({ hosts });
  const { services } = parse(deployFile("compose.yaml")) as { readonly services: Services };
  await machine.run(secrets());
  await startNats(machine);
  await startHub(machine, services.hub);
  startNginx(machine);
  const curl = "curl -sSfN --retry 60 --retry-connrefused --retry-delay 1";
  const first = await machine.run(`${curl} 'http://localhost:8080/poll?topic=news'`);
  const { position } = JSON.parse(first) as { position: string };

  const stream = machine.start(`${curl} 'http://localhost:8080/esupdates?topic=news'`);
  await until(stream, "retry:");
  const socket = machine.start(`node --experimental-websocket -e '${socketProgram}'`);
  await until(socket, '"kind":"position"');
  const after = encodeURIComponent(position);
  const poll = machine.start(`${curl} 'http://localhost:8080/poll?topic=news&last_event_id=${after}'`);
  const { id } = JSON.parse(await machine.run(publish)) as { id: string };
  await until(stream, `id: ${id}\ndata: Hello\n`);
  await until(socket, `{"kind":"event","id":"${id}","topics":["news"],"data":"Hello"}`);
  await until(poll, '"data":"Hello"');
  expect([stream.exit, socket.exit], "no stream ends with its first event").toEqual([undefined, undefined]);
});

test("Prometheus accepts the configuration of compose.yaml", async () => {
  const machine = await startMachine({ hosts });
  await machine.run(secrets());
  await machine.run(`cp ${compose}/prometheus.yml deploy/prometheus/alerts.yml /etc/prometheus/`);
  expect(await machine.run("promtool check config /etc/prometheus/prometheus.yml")).toContain("SUCCESS");
});

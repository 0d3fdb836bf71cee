import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../support/ipc.js";
import { startMachine } from "../support/machine/machine.js";
import { blocksOf, prelude, scriptOf, startsHub, type Way } from "../support/machine/page-commands.js";

const pages = [
  "README.md",
  ...pagesOf("guides"),
  ...pagesOf("operating"),
  ...pagesOf("protocols"),
  ...pagesOf("reference"),
];

function pagesOf(folder: string): readonly string[] {
  return readdirSync(join(root, "docs", folder))
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", folder, file))
    .toSorted();
}

/** A page with many blocks needs minutes if the machine is busy. */
const within = 600_000;

/** Blocks that need Docker, systemd, Kubernetes, the Internet or hours, with the test that runs them instead. */
const elsewhere = new Map([
  ["README.md sudo apt-get update", "test/long/readme.test.ts"],
  ["README.md ./scripts/test", "the script that runs this test"],
  [
    "docs/guides/browser-library.md npm ci --ignore-scripts && npm run build:packages",
    "test/e2e/client-packages.test.ts",
  ],
  [
    "docs/guides/react.md npm ci --ignore-scripts && npm run build:packages",
    "test/e2e/client-packages.test.ts",
  ],
  [
    "docs/guides/react.md npm install /tmp/pharos-client-0.1.0.tgz /tmp/pharos-react-0.1.0.tgz",
    "test/e2e/client-packages.test.ts",
  ],
  ["docs/operating/deploying.md docker build -f deploy/Dockerfile -t pharos .", "test/long/image.test.ts"],
  ["docs/operating/deploying.md mkdir -p deploy/secrets", "test/e2e/compose.test.ts"],
  [
    "docs/operating/deploying.md export PHAROS_TOKEN_SECRET_FILE=deploy/secrets/token-secret PHAROS_PUBLIC_URL=http://localhost:8080",
    "test/e2e/compose.test.ts",
  ],
  ["docs/operating/deploying.md kubectl apply -k deploy/kubernetes", "test/e2e/deploy.test.ts"],
  [
    "docs/operating/durability.md scripts/pharos serve --journal nats://n1.example.org,n2.example.org,n3.example.org/pharos",
    "test/e2e/hubs.test.ts",
  ],
  ["docs/operating/mongrel2.md from=/path/to/pharos", "test/e2e/scripts.test.ts"],
  ["docs/operating/proxies.md curl -N https://hub.example.org/esupdates", "test/e2e/caddy-acme.test.ts"],
  [
    "docs/operating/tls.md --tls-cert a.pem --tls-key a.key --tls-cert b.pem --tls-key b.key",
    "no command; test/e2e/tls.test.ts has such options",
  ],
]);

const publish = "curl -d Hello http://127.0.0.1:8080/publish/news/sport";
const shown: Way = { isShown: true };

/** The blocks that need more than their page says. */
const ways: Readonly<Record<string, Way>> = {
  "README.md ./scripts/start": shown,
  "docs/guides/publishing.md ./scripts/start": shown,
  "docs/guides/publishing.md TOKEN=$(./scripts/pharos token --url http://127.0.0.1:8080 --publish '*')": {
    hub: "PHAROS_TOKEN_SECRET=0123456789abcdef0123456789abcdef ./scripts/start",
    before: "export PHAROS_TOKEN_SECRET=0123456789abcdef0123456789abcdef",
  },
  'docs/guides/publishing.md printf \'%s\\n\' \'{"topic":"news/a","data":"1"}\' \'{"topic":"news/b","data":"2","retain":true}\' > many.ndjson':
    shown,
  "docs/guides/publishing.md ./scripts/pharos subscribe --url http://127.0.0.1:8080 --topic 'stocks/#'": {
    before: "curl -d 12.40 -H 'Retain: true' http://127.0.0.1:8080/publish/stocks/ACME",
    after:
      "wait_for $! $file retained; curl -d 12.50 -H 'Event-Type: price' http://127.0.0.1:8080/publish/stocks/ACME",
    isShown: true,
  },
  "docs/guides/publishing.md curl -d '21.5' -H 'Retain: true' http://127.0.0.1:8080/publish/sensors/kitchen":
    {
      hub: "./scripts/start",
    },
  "docs/guides/tokens.md export PHAROS_TOKEN_SECRET=$(openssl rand -hex 32)": shown,
  "docs/guides/tokens.md ./scripts/pharos token --publish 'stocks/#' --match-type mqtt > token.txt": {
    code: 1,
    isShown: true,
  },
  "docs/guides/transports.md ./scripts/start": { after: publish, isShown: true },
  "docs/guides/transports.md curl -N -H \"Authorization: Bearer $TOKEN\" -H 'Last-Event-ID: #jvSbu1lz:42' 'http://127.0.0.1:8080/esupdates?topic=news/sport&show=topics'":
    {
      hub: "PHAROS_TOKEN_SECRET=0123456789abcdef0123456789abcdef ./scripts/start",
      before:
        "TOKEN=$(PHAROS_TOKEN_SECRET=0123456789abcdef0123456789abcdef ./scripts/pharos token --subscribe news/sport)",
      after: publish,
      isShown: true,
    },
  "docs/guides/troubleshooting.md curl -N 'http://127.0.0.1:8080/esupdates?topic=%23'": {
    before:
      "export PHAROS_TOKEN_SECRET=$(openssl rand -hex 32); ./scripts/pharos token --publish news >token.txt",
  },
  "docs/operating/access-log.md jq -c 'select(.status >= 400)' access.log": {
    before: "curl http://127.0.0.1:8080/nowhere; until grep -q 404 access.log; do sleep 0.1; done",
    after: "grep -q 404 $file || fail 'no line of a request that was refused'",
  },
  "docs/operating/configuration.md ./scripts/pharos check-config --http 127.0.0.1:9000 --journal disk:journal":
    shown,
  "docs/operating/deploying.md npm ci --ignore-scripts && npm pack": {
    replace: [
      ["npm ci --ignore-scripts && npm pack", "true"],
      [
        "sudo npm install --global --ignore-scripts ./pharos-0.1.0.tgz",
        "ln -s $PWD/dist/cli/main.js /usr/local/bin/pharos",
      ],
      ["sudo systemctl daemon-reload", "systemd-analyze verify --man=no pharos.service"],
      [
        "sudo systemctl enable --now pharos",
        "set -a; . /etc/pharos/secrets.env; pharos serve --config /etc/pharos/pharos.json",
      ],
    ],
  },
  "docs/operating/durability.md cp -a /var/lib/pharos/journal /backup/": {
    before: "mkdir /var/backup",
    replace: [["/backup/", "/var/backup/"]],
  },
  "docs/operating/durability.md scripts/pharos journal dump /var/lib/pharos/journal --topic 'news/#' --after '#LfEv7VDb:8192'":
    { replace: [[" --after '#LfEv7VDb:8192'", ""]] },
  "docs/operating/http2.md curl --http2 -N https://hub.example.org:8443/esupdates?topic=news": {
    hub: "./scripts/pharos serve --http 8080 --https '*:8443' --tls-cert /etc/pharos/fullchain.pem --tls-key /etc/pharos/privkey.pem --trusted-proxy 127.0.0.1",
  },
  "docs/operating/listening.md ./scripts/pharos serve --http 8080 --http '*:8090'": shown,
  "docs/operating/listening.md systemd-socket-activate -l 8080 --fdname=web node dist/cli/main.js serve --http systemd:web":
    { after: "curl http://127.0.0.1:8080/healthz || fail 'no hub'" },
  "docs/operating/reload.md kill -HUP PID": {
    hub: "./scripts/start",
    replace: [["PID", "$(pgrep -g $hub -x 'node|MainThread')"]],
    after: "wait_for $hub $(ls $output/* | head -1) 'the configuration is loaded again'",
  },
  "docs/operating/tls.md ./scripts/pharos serve --https '*:443' --http-redirect '*:80' --hsts 31536000 --tls-cert fullchain.pem --tls-key privkey.pem --public-url https://hub.example.org":
    { before: "cp /etc/pharos/*.pem ." },
  "docs/operating/tls.md NODE_EXTRA_CA_CERTS=/etc/pharos/authority.pem ./scripts/pharos subscribe --topic news https://hub.internal:8443":
    {
      hub: "./scripts/pharos serve --open --https '*:8443' --tls-cert fullchain.pem --tls-key privkey.pem",
      after:
        "until grep -q Hello $output/*; do curl --cacert fullchain.pem -d Hello https://hub.internal:8443/publish/news; sleep 1; done",
    },
  "docs/protocols/event-streams.md curl -N 'http://127.0.0.1:8080/esupdates?topic=news/%23' &": shown,
  "docs/protocols/mercure.md export PHAROS_TOKEN_SECRET='at least 32 bytes that nobody else knows'": shown,
  "docs/protocols/mercure.md WATCH=$(./scripts/pharos token --subscribe '*' --audience https://hub.example.org/.well-known/mercure --issuer https://issuer.example.org)":
    {
      hub: "./scripts/pharos serve --subscriptions --public-url https://hub.example.org --token-issuer https://issuer.example.org",
    },
  "docs/protocols/zeromq.md ./scripts/pharos serve &": shown,
  "docs/protocols/zeromq.md ./scripts/pharos serve --control '@ipc:///run/pharos/control'": {
    before: "mkdir /run/app",
  },
  "docs/reference/errors.md curl -i 'http://127.0.0.1:8080/esupdates?topic=a%23'": { code: 22 },
};

const setup = `
printf 'silent\nshow-error\nfail-with-body\ncacert=/etc/pharos/authority.pem\n' >~/.curlrc
mkdir -p /etc/pharos /run/pharos
key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /etc/pharos/privkey.pem -out /etc/pharos/fullchain.pem'
openssl req -x509 $key -days 2 -subj /CN=hub -addext subjectAltName=DNS:hub.example.org,DNS:hub.internal
cp /etc/pharos/fullchain.pem /etc/pharos/authority.pem
export PHAROS_CLOSE_OVER=0
`;

const runs = pages
  .map((page) => [page, blocksOf(page).filter(({ name }) => !elsewhere.has(name))] as const)
  .filter(([, blocks]) => blocks.length > 0);

test("every exception is for a block of a page", () => {
  const names = new Set(pages.flatMap((page) => blocksOf(page).map(({ name }) => name)));
  expect([...elsewhere.keys(), ...Object.keys(ways)].filter((name) => !names.has(name))).toEqual([]);
});

test.each(runs)(
  "the commands of %s run as they are written",
  async (page, blocks) => {
    const machine = await startMachine({
      hosts: ["hub.example.org", "hub.example", "hub.internal"].map((name) => `127.0.0.1 ${name}`),
      addresses: ["10.0.0.5"],
    });
    const [first] = blocks;
    const ownHub =
      first !== undefined && startsHub(first)
        ? []
        : [{ name: page, commands: ["./scripts/start"], shown: [] }];
    const scripts = [...ownHub, ...blocks].map((block) => scriptOf(block, ways[block.name]));
    const done = await machine.run([setup, prelude, ...scripts, "end_hub", "echo done"].join("\n"), {
      within,
    });
    expect(done).toMatch(/^done$/m);
  },
  within + 60_000,
);

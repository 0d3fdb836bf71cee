import { expect, test } from "vitest";
import { startMachine, type Machine } from "../support/machine/machine.js";
import { deployedAs } from "../support/proxies/deploy-file.js";
import { waitFor } from "../support/wait-for.js";

const within = 120_000;
const name = "hub.example.org";
const authority = "https://localhost:14000/dir";

async function write(machine: Machine, path: string, text: string): Promise<void> {
  await machine.run(`printf %s '${text.replaceAll("'", `'\\''`)}' >${path}`);
}

/** Starts Pebble, an ACME server for tests, which checks names at the ports 80 and 443 as Let's Encrypt does. */
async function startAuthority(machine: Machine): Promise<void> {
  const key =
    "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /tmp/acme.key -out /tmp/acme.pem";
  await machine.run(
    `openssl req -x509 ${key} -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost`,
  );
  const pebble = {
    listenAddress: "127.0.0.1:14000",
    managementListenAddress: "127.0.0.1:15000",
    certificate: "/tmp/acme.pem",
    privateKey: "/tmp/acme.key",
    httpPort: 80,
    tlsPort: 443,
    ocspResponderURL: "",
    externalAccountBindingRequired: false,
  };
  await write(machine, "/tmp/pebble.json", JSON.stringify({ pebble }));
  machine.start("PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=0 pebble -config /tmp/pebble.json");
  const retry = "--retry 60 --retry-connrefused --retry-delay 1";
  await machine.run(
    `curl -sSf ${retry} --cacert /tmp/acme.pem https://localhost:15000/roots/0 >/tmp/root.pem`,
  );
}

test("Caddy gets a certificate by ACME with deploy/caddy/Caddyfile, and passes events on at once", async () => {
  const machine = await startMachine({ hosts: [`127.0.0.1 ${name}`] });
  await startAuthority(machine);
  await machine.start("./scripts/pharos serve --open --trusted-proxy 127.0.0.1").waitForReady({ within });
  const options = `grace_period 1m\n\tacme_ca ${authority}\n\tacme_ca_root /tmp/acme.pem`;
  await write(machine, "/tmp/Caddyfile", deployedAs("caddy/Caddyfile", [["grace_period 1m", options]]));
  const caddy = machine.start("caddy run --adapter caddyfile --config /tmp/Caddyfile");
  await waitFor(() => caddy.stderr.includes("certificate obtained successfully"), {
    within,
    everyMs: 100,
    missing: () => `Caddy has no certificate: ${caddy.stderr.slice(-3000)}`,
  });

  const stream = machine.start(`curl -sSN --cacert /tmp/root.pem 'https://${name}/esupdates?topic=news'`);
  await waitFor(() => stream.stdout.includes("retry:"), {
    within,
    missing: () => `an open stream: ${stream.stdout}${stream.stderr}`,
  });
  await machine.run(`curl -sSf -d Hello http://127.0.0.1:8080/publish/news`);
  await waitFor(() => stream.stdout.includes("data: Hello"), { within, missing: "the event" });
  expect(stream.exit, "the event came at once, not with the end of the stream").toBeUndefined();
  expect(await machine.run(`curl -sI http://${name}/`)).toMatch(/^HTTP\/1.1 308 /);
});

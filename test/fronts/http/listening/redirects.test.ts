import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Redirects } from "../../../../src/fronts/http/listening/redirects.js";
import { connectRaw, exchangeRaw } from "../../../support/raw-http.js";

const within = 20_000;

async function serve(publicUrl: string) {
  const redirects = new Redirects(publicUrl);
  const server = createServer({ pauseOnConnect: true }, (socket) => redirects.take(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    redirects.close();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, redirects };
}

test.each([
  ["https://hub.example.org", "hub.example.org:80", "/a?b=c", "https://hub.example.org/a?b=c"],
  ["https://hub.example.org:8443/x", "other.example.org", "/", "https://other.example.org:8443/"],
  ["https://a", "192.0.2.7:8080", "/", "https://192.0.2.7/"],
  ["https://a:444", "[2001:db8::7]:80", "//evil.example/", "https://[2001:db8::7]:444//evil.example/"],
])("at %s, the host %s and the path %s lead to %s", async (...[publicUrl, host, path, location]) => {
  const { port } = await serve(publicUrl);
  const bytes = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`;
  const text = await exchangeRaw({ port }, { bytes, within });
  expect(text).toMatch(/^HTTP\/1\.1 308 /);
  expect(text).toContain(`\r\nLocation: ${location}\r\n`);
  expect(text).toMatch(/\r\nConnection: close\r\n/i);
});

test.each([
  "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n",
  "GET / HTTP/1.0\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
  "nonsense\r\n\r\n",
])("%j gets 400", async (bytes) => {
  const { port } = await serve("https://a");
  expect(await exchangeRaw({ port }, { bytes, within })).toMatch(/^HTTP\/1\.1 400 /);
});

test("close ends the connections of clients that have not asked yet", async () => {
  const { port, redirects } = await serve("https://a");
  const connection = await connectRaw({ port });
  connection.write("GET / HT");
  redirects.close();
  expect(await connection.readToEnd({ within })).toBe("");
});

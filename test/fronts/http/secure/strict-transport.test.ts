import { expect, test, vi } from "vitest";
import { within } from "../../../contract/client.js";
import { requestBytes } from "../../../contract/http-text.js";
import { startSite } from "../../../contract/site.js";

test.each(["/healthz", "/", "/none", "/%zz"])(
  "a client with TLS learns that it has to stay there, with the answer at %s",
  async (path) => {
    // Bug: the answer about a path that cannot be decoded said nothing of it.
    vi.stubEnv("CONTRACT_TLS", "1");
    const starting = startSite("http", { settings: { PHAROS_HSTS: "300" } });
    vi.unstubAllEnvs();
    const connection = await (await starting).connect();
    connection.write(requestBytes({ path, headers: { Connection: "close" } }));
    expect(await connection.readToEnd({ within })).toMatch(/\r\nstrict-transport-security: max-age=300\r\n/i);
  },
);

import { expect, it } from "vitest";
import type { TokenVerifier } from "../../../src/auth/grants/grants.js";
import { Authenticator } from "../../../src/gateway/access/authenticator.js";
import { gatewayRequest } from "../request.js";

/** The token that the hub verifies for a request with these cookies. */
async function tokenOf(cookie: string, cookieName?: string): Promise<string | undefined> {
  let given: string | undefined;
  const verifier: TokenVerifier = {
    verify: (token) => {
      given = token;
      return Promise.resolve({ ok: false, reason: "not in this test" });
    },
  };
  const options = { verifier, anonymous: true, publishOrigins: [], cookieName };
  await new Authenticator(options)
    .subscriber(gatewayRequest({ headers: { cookie } }))
    ?.catch(() => undefined);
  return given;
}

const all = "mercureAuthorization=older; hub_token=own; __Secure-mercure_access_token=current";

it("reads the cookies of the Mercure protocol", async () => {
  expect(await tokenOf(all)).toBe("current");
  expect(await tokenOf("a=b; mercureAuthorization=older")).toBe("older");
});

it("reads only the cookie with the configured name", async () => {
  expect(await tokenOf(all, "hub_token")).toBe("own");
  expect(await tokenOf("mercureAuthorization=older; HUB_TOKEN=x", "hub_token")).toBeUndefined();
});

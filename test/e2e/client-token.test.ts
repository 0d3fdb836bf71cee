import { expect, it, onTestFinished } from "vitest";

import { connect, type ConnectionState } from "../../src/client/index.js";
import { startSite } from "../contract/site.js";
import { currentToken, hubUrl, issuer, secret } from "../support/token.js";
import { waitFor } from "../support/wait-for.js";

// A stream ends with its token. A client that waited for that would have to come back and be served from history.
it.each(["http", "mongrel2-shipped"] as const)(
  "a token is renewed before it expires, at the front %s, and no event is lost or comes twice",
  async (front) => {
    const settings = {
      PHAROS_PUBLIC_URL: hubUrl,
      PHAROS_TOKEN_ISSUER: issuer,
      PHAROS_TOKEN_SECRET: secret,
      PHAROS_ANONYMOUS: "off",
    };
    const site = await startSite(front, { settings });
    let issued = 0;
    const token = (): Promise<string> => {
      issued += 1;
      return currentToken({ subscribe: ["*"], lifetimeSeconds: 4 });
    };
    const live = connect(`http://127.0.0.1:${site.port}/`, { filters: ["mine"], token });
    onTestFinished(() => live.close());
    const got: string[] = [];
    const states: ConnectionState["kind"][] = [];
    live.on("event", ({ data }) => got.push(data));
    live.on("state", ({ kind }) => states.push(kind));
    await waitFor(() => live.state.kind === "open", { within: 60_000, missing: "the stream" });
    let sent = 0;
    await waitFor(
      async () => {
        await site.publish({ topics: ["mine"], private: true, data: String(sent) });
        sent += 1;
        return issued >= 4;
      },
      { within: 60_000, everyMs: 20, missing: () => `the fourth token; ${states.join()}` },
    );
    await waitFor(() => got.length >= sent, {
      within: 60_000,
      missing: () => `${sent} events; ${got.length} came`,
    });
    expect(got).toEqual(Array.from({ length: sent }, (_, n) => String(n)));
  },
);

import { expect, it, onTestFinished } from "vitest";
import { startSite } from "../contract/site.js";
import { hubUrl, issuer, secret } from "../support/token.js";
import { waitFor } from "../support/wait-for.js";

it("refuses streams while the list of subscriptions has no room, and accepts them again", async () => {
  const site = await startSite("http", {
    settings: {
      PHAROS_SUBSCRIPTIONS: "on",
      PHAROS_TOKEN_SECRET: secret,
      PHAROS_PUBLIC_URL: hubUrl,
      PHAROS_TOKEN_ISSUER: issuer,
      PHAROS_LIMITS_SUBSCRIPTION_BYTES: String(64 * 1024),
    },
  });
  const ended = new AbortController();
  onTestFinished(() => ended.abort());
  const topics = Array.from({ length: 90 }, (_, index) => `topic=topic-${index}`).join("&");
  const open = async (): Promise<number> =>
    (await fetch(`http://127.0.0.1:${site.port}/esupdates?${topics}`, { signal: ended.signal })).status;
  const within = 30_000;
  const statuses: number[] = [];
  const isRefused = async (): Promise<boolean> => {
    statuses.push(await open());
    return statuses.at(-1) === 503;
  };
  await waitFor(isRefused, { within, missing: () => `a refused stream in ${statuses.join()}` });
  expect(statuses.length).toBeGreaterThan(2);
  ended.abort();
  const again = async (): Promise<boolean> => {
    const stream = new AbortController();
    const response = await fetch(`http://127.0.0.1:${site.port}/esupdates?topic=a`, {
      signal: stream.signal,
    });
    stream.abort();
    return response.status === 200;
  };
  await waitFor(again, { within, missing: "a stream after the others have ended" });
});

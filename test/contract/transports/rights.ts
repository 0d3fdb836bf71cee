import { expect, it } from "vitest";
import { withExpiringToken } from "../../support/expiring-token.js";
import { currentToken } from "../../support/token.js";
import { ask, freshTopic } from "../client.js";
import { startSite } from "../site.js";
import type { Contract } from "../sites.js";
import { numbers } from "./delivery.js";
import { follow } from "./follower.js";
import type { Place } from "./log.js";
import { eachTransport, forEach, transports, withEach } from "./table.js";
import type { Transport } from "./transport.js";

/** Tests the rights to read publications, and the expiry of these rights. */
export function testRights(contract: Contract): void {
  testPrivate(contract);
  testRefusals(contract);
  testEnds(contract);
}

function testPrivate({ mercureSite: site }: Contract): void {
  it.each(eachTransport)(
    "%s brings what is private, live and from the past, to those alone whose token grants it",
    async (_name, transport) => {
      const topic = freshTopic();
      const tokens = {
        reader: await currentToken({ subscribe: [topic] }),
        other: await currentToken({ subscribe: [freshTopic()] }),
        stranger: undefined,
      };
      const open = (token: string | undefined, from?: Place) =>
        follow(site(), transport, { filters: [topic], token, from });
      const followers = await Promise.all(Object.values(tokens).map((token) => open(token)));
      const id = `${topic}-first`;
      await site().publish({ topics: [topic], id, data: "first" });
      await site().publish({ topics: [topic], data: "secret", private: true });
      await site().publish({ topics: [topic], data: "last" });
      const live = await Promise.all(followers.map((follower) => follower.until("last")));
      expect(live).toEqual([
        ["first", "secret", "last"],
        ["first", "last"],
        ["first", "last"],
      ]);
      const late = await Promise.all(Object.values(tokens).map((token) => open(token, { id })));
      const past = await Promise.all(late.map((follower) => follower.until("last")));
      expect(past).toEqual([["secret", "last"], ["last"], ["last"]]);
    },
  );
}

function testRefusals({ front, mercureSite }: Contract): void {
  const filters = ["a"];
  it("none accepts an invalid token", async () => {
    const statuses = await withEach(transports, async (transport) => {
      return (await ask(mercureSite(), transport.request({ filters, token: "x.y.z" }))).status;
    });
    expect(statuses).toEqual(forEach(transports, 401));
  });

  it("none accepts a client without a required token", async () => {
    const closed = await startSite(front, { settings: { PHAROS_ANONYMOUS: "off", PHAROS_PUSH_STREAM: "/" } });
    const statuses = await withEach(transports, async (transport) => {
      return (await ask(closed, transport.request({ filters }))).status;
    });
    expect(statuses).toEqual(forEach(transports, 401));
  });
}

/** Tokens expire on whole seconds. */
const secondMs = 1000;

function testEnds({ mercureSite: site }: Contract): void {
  it("each ends when its token expires, and loses nothing if the token is renewed", async () => {
    const topic = freshTopic();
    const follower = async (transport: Transport) => {
      return withExpiringToken(async (lifetimeSeconds) => {
        const token = await currentToken({ subscribe: [topic], lifetimeSeconds });
        return follow(site(), transport, { filters: [topic], token });
      });
    };
    const followers = await withEach(transports, follower);
    const renewed = withEach(transports, async ({ name }) =>
      followers[name]?.renew(await currentToken({ subscribe: [topic] })),
    );
    const renewing = { isOver: false };
    const over = (): void => {
      renewing.isOver = true;
    };
    renewed.then(over, over);
    let count = 0;
    const publish = (): Promise<string> => {
      count += 1;
      return site().publish({ topics: [topic], data: String(count), private: true });
    };
    for (; !renewing.isOver; await pause(secondMs / 50)) await publish();
    await renewed;
    for (let n = 0; n < 10; n += 1) await publish();
    const got = await withEach(transports, async ({ name }) => followers[name]?.until(String(count)));
    expect(got).toEqual(forEach(transports, numbers(1, count)));
  });
}

/**
 * Pauses between publications, so that the test publishes some before the tokens expire, some when they expire, and
 * some later.
 */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

import { EventSourcePolyfill, type PolyfillOptions } from "event-source-polyfill";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { mercurePath } from "../../src/protocol.js";
import { bearer, form, post } from "../contract/mercure-client.js";
import { startSite, type Site } from "../contract/site.js";
import { startTcpProxy } from "../support/tcp-proxy.js";
import { currentToken, hubUrl, issuer, olderToken, secret } from "../support/token.js";
import { Changes } from "../support/wait-for.js";
import {
  installStockPublisher,
  type StockPublisher,
  type StockPublisherClass,
} from "../support/stock-publisher.js";

// Unmodified clients from npm. These clients may send requests that the other tests do not send.

const within = 30_000;
const books = "https://example.com/books";

let Publisher: StockPublisherClass;
const ends: (() => void | Promise<void>)[] = [];
beforeAll(async () => {
  Publisher = await installStockPublisher((end) => ends.push(end));
});
afterAll(async () => {
  for (const end of ends) await end();
});

function publisher(site: Site, jwt: string): StockPublisher {
  return new Publisher({ protocol: "http", host: "127.0.0.1", port: site.port, path: mercurePath, jwt });
}

/** An EventSourcePolyfill that records its events. */
class Subscriber {
  readonly #changes = new Changes();
  readonly #source: EventSourcePolyfill;
  readonly messages: { readonly data: string; readonly id: string }[] = [];
  opened = 0;
  status: number | undefined;

  constructor(url: string, options: PolyfillOptions) {
    this.#source = new EventSourcePolyfill(url, options);
    onTestFinished(() => this.#source.close());
    this.#source.addEventListener("open", () => {
      this.opened += 1;
      this.#changes.changed();
    });
    this.#source.addEventListener("error", ({ status }) => {
      this.status = status;
      this.#changes.changed();
    });
    this.#source.addEventListener("message", ({ data, lastEventId }) => {
      this.messages.push({ data, id: lastEventId });
      this.#changes.changed();
    });
  }

  get data(): readonly string[] {
    return this.messages.map(({ data }) => data);
  }

  async untilOpened(times: number): Promise<void> {
    await this.#changes.until(() => this.opened >= times, {
      within,
      missing: () => `it was opened ${this.opened} times, not ${times}; the last status was ${this.status}`,
    });
  }

  async untilRefused(): Promise<number> {
    await this.#changes.until(() => this.status !== undefined, { within, missing: "it was not refused" });
    return this.status ?? 0;
  }

  async until(data: string): Promise<void> {
    await this.#changes.until(() => this.data.includes(data), {
      within,
      missing: () => `${data} has not come, but ${JSON.stringify(this.data)}`,
    });
  }
}

/** Requests a stream and waits until the stream is open. */
async function subscriber(port: number, query: string, options: PolyfillOptions = {}): Promise<Subscriber> {
  const opened = new Subscriber(`http://127.0.0.1:${port}${mercurePath}?${query}`, options);
  await opened.untilOpened(1);
  return opened;
}

/** Both forms of the protocol, as the clients of each form write their requests. */
const forms = [
  {
    form: "older",
    token: olderToken,
    query: `topic=${encodeURIComponent(`${books}/{id}`)}`,
    cursor: "Last-Event-ID",
  },
  {
    form: "current",
    token: currentToken,
    query: `match_urlpattern=${encodeURIComponent(`${books}/:id`)}`,
    cursor: "last_event_id",
  },
] as const;

describe.each(["http", "mongrel2-shipped"] as const)("at %s", (front) => {
  describe.each(forms)("stock clients of the $form form", ({ token, query, cursor }) => {
    const startMercure = (): Promise<Site> =>
      startSite(front, {
        settings: {
          PHAROS_PUBLIC_URL: hubUrl,
          PHAROS_TOKEN_ISSUER: issuer,
          PHAROS_TOKEN_SECRET: secret,
          PHAROS_RETRY: "1000",
        },
      });

    it("publish with the package mercure what EventSourcePolyfill receives", async () => {
      const site = await startMercure();
      const reader = await subscriber(site.port, query);
      const writer = publisher(site, await token({ publish: ["*"] }));
      const own = { id: "urn:uuid:5e94c686-2c0b-4f9b-958c-92ccc3bbb4eb", retry: 2000 };
      expect(await writer.publish(`${books}/1`, "héllo\nworld & more", own)).toBe(own.id);
      const given = await writer.publish([`${books}/2`, "https://example.com/authors/1"], '{"a":1}');
      await reader.until('{"a":1}');
      expect(reader.messages).toEqual([
        { data: "héllo\nworld & more", id: own.id },
        { data: '{"a":1}', id: given },
      ]);
    });

    it("are refused without a grant, and report the status", async () => {
      const site = await startMercure();
      const writer = publisher(site, await token({ publish: ["https://example.com/authors/1"] }));
      await expect(writer.publish(`${books}/1`, "x")).rejects.toThrow(/^403 Forbidden/);
      const url = `http://127.0.0.1:${site.port}${mercurePath}?${query}`;
      const stranger = new Subscriber(url, { headers: bearer("a.b.c") });
      expect(await stranger.untilRefused()).toBe(401);
      expect(stranger.opened).toBe(0);
    });

    it("receive private events with the token in their header", async () => {
      const site = await startMercure();
      const headers = bearer(await token({ subscribe: [`${books}/1`] }));
      const reader = await subscriber(site.port, query, { headers });
      const stranger = await subscriber(site.port, query);
      const publishing = bearer(await token({ publish: ["*"] }));
      const fields = [
        ["topic", `${books}/1`] as const,
        ["data", "for readers"] as const,
        ["private", "on"] as const,
      ];
      expect((await post(site, { body: form(fields), headers: publishing })).status).toBe(200);
      await publisher(site, await token({ publish: ["*"] })).publish(`${books}/1`, "for all");
      await Promise.all([reader.until("for all"), stranger.until("for all")]);
      expect([reader.data, stranger.data]).toEqual([["for readers", "for all"], ["for all"]]);
    });

    it.each([cursor, "lastEventId"])(
      "get missed events after their connection broke, once and in order, by %s",
      async (lastEventIdQueryParameterName) => {
        const site = await startMercure();
        const proxy = await startTcpProxy({ target: site.port });
        const reader = await subscriber(proxy.port, query, { lastEventIdQueryParameterName });
        const writer = publisher(site, await token({ publish: ["*"] }));
        await writer.publish(`${books}/1`, "one");
        await reader.until("one");
        proxy.cut();
        await writer.publish(`${books}/1`, "two");
        await reader.untilOpened(2);
        await writer.publish(`${books}/1`, "three");
        await reader.until("three");
        expect(reader.data).toEqual(["one", "two", "three"]);
      },
    );
  });
});

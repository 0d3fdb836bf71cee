import { beforeAll, describe, expect, test } from "vitest";
import { atSuiteEnd } from "../../support/at-suite-end.js";
import type { HubProcess } from "../../support/hub-process.js";
import { preface, settingIds, settingsAck, settingsFrame, types, ping } from "../../support/http2/frames.js";
import { startHttp2Hub } from "../../support/http2/hub.js";
import { connectHttp2, type RawHttp2, type RawHttp2Options } from "../../support/http2/raw-client.js";
import { continuationRules } from "../../support/http2/rules/continuation-rules.js";
import { frameRules } from "../../support/http2/rules/frame-rules.js";
import { messageRules } from "../../support/http2/rules/message-rules.js";
import { faultOf, shortPath, type Rule } from "../../support/http2/rules/rule.js";
import { settingsRules } from "../../support/http2/rules/settings-rules.js";
import { streamRules } from "../../support/http2/rules/stream-rules.js";

const rules: readonly Rule[] = [
  ...frameRules,
  ...continuationRules,
  ...streamRules,
  ...settingsRules,
  ...messageRules,
];

const sites: readonly (readonly [
  name: string,
  options: { readonly tls: boolean; readonly workers: number },
])[] = [
  ["over TLS", { tls: true, workers: 0 }],
  ["over TLS with 2 workers", { tls: true, workers: 2 }],
  ["without TLS", { tls: false, workers: 0 }],
];

describe.each(sites)("HTTP/2 %s", (_, { tls, workers }) => {
  const onEnd = atSuiteEnd();
  let hub: HubProcess;

  beforeAll(async () => {
    hub = await startHttp2Hub({ tls, workers, onEnd });
  });

  const connect = (options: Partial<RawHttp2Options> = {}): Promise<RawHttp2> =>
    connectHttp2({ port: hub.httpPort, tls, ...options });

  test.each(rules.map((rule) => [rule.section, rule.name, rule] as const))(
    "%s: %s",
    async (_section, _name, rule) => {
      const client = await connect();
      const stream = (await rule.run(client)) ?? [...client.streams.values()].at(-1);
      expect(await faultOf(client, rule.reaction, stream)).toBeUndefined();
    },
  );

  test("3.4: SETTINGS are the first frame of the server", async () => {
    const client = await connect();
    expect(client.frames[0]?.type).toBe(types.settings);
    expect(client.frames[0]?.flags).toBe(0);
    expect(client.settings.get(settingIds.maxConcurrentStreams)).toBe(256);
  });

  test("3.4: the first bytes may come one by one", async () => {
    const client = await connect({ greets: false, acknowledges: false });
    for (const byte of Buffer.concat([preface, settingsFrame(), settingsAck])) {
      client.send(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await client.exchange(shortPath)).status).toBe(200);
  });

  test("3.4: a client that begins with another frame than SETTINGS is refused", async () => {
    const client = await connect({ greets: false });
    client.send(preface, ping());
    await client.untilClosed();
    expect(client.farewell?.error).toBe("PROTOCOL_ERROR");
  });

  test("3.4: a client that does not begin with the connection preface is refused", async () => {
    const client = await connect({ greets: false });
    client.send(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r"), settingsFrame());
    await client.untilClosed();
    expect(client.farewell?.error).toBe("PROTOCOL_ERROR");
  });
});

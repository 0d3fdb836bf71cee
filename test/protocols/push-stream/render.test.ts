import { expect, it } from "vitest";
import { TurnBudget } from "../../../src/base/turn-budget.js";
import { statisticsReply, type Document } from "../../../src/protocols/push-stream/render.js";

it.each(["application/json", "application/yaml", "application/xml", "text/plain"])(
  "a list of many channels as %s is made in several turns",
  async (accept) => {
    // Bug: the list of 100,000 channels needed one turn of 1.1 s. During this turn no client got anything.
    let turns = 0;
    let nowMs = 0;
    const clock = {
      // Each channel needs a millisecond.
      monotonic: () => (nowMs += 1),
      endOfTurn: (action: () => void) => {
        turns += 1;
        setImmediate(action);
      },
    };
    const counts = { published_messages: 1, stored_messages: 1, subscribers: 0 };
    const infos = Array.from({ length: 100 }, (_, index) => ({ channel: `c${index}`, ...counts }));
    const head = { hostname: "h", time: "t", channels: 100, wildcard_channels: 0, uptime: 1 };
    const reply = await statisticsReply({ ...head, infos }, { accept, budget: new TurnBudget(clock) });
    expect(turns).toBeGreaterThan(10);
    expect(reply.body.toString().match(/c\d+/g)).toEqual(infos.map(({ channel }) => channel));
  },
);

const info = { channel: "a", published_messages: 3, stored_messages: 2, subscribers: 1 };
const head = { hostname: "h", time: "2026-01-01T00:00:00", channels: 2, wildcard_channels: 0, uptime: 9 };
const budget = new TurnBudget({ monotonic: () => 0, endOfTurn: (action) => void setImmediate(action) });

// The texts are those of the module. In YAML, the module writes texts without quotes.
it.each([
  [
    "text/plain",
    "channel: a\npublished_messages: 3\nstored_messages: 2\nactive_subscribers: 1\n",
    "hostname: h, time: 2026-01-01T00:00:00, channels: 2, wildcard_channels: 0, uptime: 9, infos: \nchannel: a\npublished_messages: 3\nstored_messages: 2\nactive_subscribers: 1,\nchannel: b\npublished_messages: 3\nstored_messages: 2\nactive_subscribers: 1\n",
  ],
  [
    "application/json",
    '{"channel": "a", "published_messages": 3, "stored_messages": 2, "subscribers": 1}\n',
    '{"hostname": "h", "time": "2026-01-01T00:00:00", "channels": 2, "wildcard_channels": 0, "uptime": 9, "infos": [\n{"channel": "a", "published_messages": 3, "stored_messages": 2, "subscribers": 1},\n{"channel": "b", "published_messages": 3, "stored_messages": 2, "subscribers": 1}\n]}\n',
  ],
  [
    "application/yaml",
    '  channel: "a"\n  published_messages: 3\n  stored_messages: 2\n  subscribers: 1\n',
    'hostname: "h"\ntime: "2026-01-01T00:00:00"\nchannels: 2\nwildcard_channels: 0\nuptime: 9\ninfos: \n -\n  channel: "a"\n  published_messages: 3\n  stored_messages: 2\n  subscribers: 1\n -\n  channel: "b"\n  published_messages: 3\n  stored_messages: 2\n  subscribers: 1\n',
  ],
  [
    "application/xml",
    '<?xml version="1.0" encoding="UTF-8" ?>\n<channel>\n  <name>a</name>\n  <published_messages>3</published_messages>\n  <stored_messages>2</stored_messages>\n  <subscribers>1</subscribers>\n</channel>\n\n',
    '<?xml version="1.0" encoding="UTF-8" ?>\n<root>\n  <hostname>h</hostname>\n  <time>2026-01-01T00:00:00</time>\n  <channels>2</channels>\n  <wildcard_channels>0</wildcard_channels>\n  <uptime>9</uptime>\n  <infos>\n<channel>\n  <name>a</name>\n  <published_messages>3</published_messages>\n  <stored_messages>2</stored_messages>\n  <subscribers>1</subscribers>\n</channel>\n<channel>\n  <name>b</name>\n  <published_messages>3</published_messages>\n  <stored_messages>2</stored_messages>\n  <subscribers>1</subscribers>\n</channel>\n  </infos>\n</root>\n',
  ],
])("one channel and a list of two are written as %s to the byte", async (accept, single, list) => {
  const textOf = async (document: Document): Promise<string> =>
    (await statisticsReply(document, { accept, budget })).body.toString().replaceAll("\r\n", "\n");
  expect(await textOf(info)).toBe(single);
  expect(await textOf({ ...head, infos: [info, { ...info, channel: "b" }] })).toBe(list);
});

import { expect } from "vitest";
import { dataFrame, headersFrame, literalBlock, settingIds, type Fields } from "../frames.js";
import { requestFields, type RawHttp2, type RawRequest } from "../raw-client.js";
import type { RawStream } from "../raw-stream.js";
import {
  blockOf,
  bodyPath,
  connectionError,
  malformed,
  openRequest,
  shortPath,
  streamError,
  works,
  type Rule,
} from "./rule.js";

/** Sends a header block that ends its stream. */
function sendFields(client: RawHttp2, fields: Fields): RawStream {
  const stream = client.expect(client.nextStream);
  client.send(headersFrame(stream.id, literalBlock(fields)));
  return stream;
}

/** The fields of a short request, with a change. */
function changed(change: (fields: (readonly [string, string])[]) => void): Fields {
  const fields = [...requestFields(shortPath)];
  change(fields);
  return fields;
}

const without = (name: string): Fields => [...requestFields(shortPath)].filter(([each]) => each !== name);
const plus = (...more: readonly (readonly [string, string])[]): Fields => [
  ...requestFields(shortPath),
  ...more,
];
const replaced = (name: string, value: string): Fields =>
  [...requestFields(shortPath)].map((field) => (field[0] === name ? [name, value] : field));

const badFields: Readonly<Record<string, readonly [section: string, fields: Fields]>> = {
  "a field name with an uppercase letter": ["8.2.1", plus(["X-Test", "ok"])],
  "a field name with a space": ["8.2.1", plus(["x test", "ok"])],
  "an empty field name": ["8.2.1", plus(["", "ok"])],
  "a field name with a control character": ["8.2.1", plus(["x\u0000test", "ok"])],
  "a field name with a byte above 126": ["8.2.1", plus(["x-é", "ok"])],
  "a field name with a colon": ["8.2.1", plus(["x:test", "ok"])],
  "a field value with NUL": ["8.2.1", plus(["x-test", "a\u0000b"])],
  "a field value with CR": ["8.2.1", plus(["x-test", "a\rb"])],
  "a field value with LF": ["8.2.1", plus(["x-test", "a\nx-other: b"])],
  "a field value that begins with a space": ["8.2.1", plus(["x-test", " a"])],
  "a field value that ends with a tab": ["8.2.1", plus(["x-test", "a\t"])],
  "the field connection": ["8.2.2", plus(["connection", "keep-alive"])],
  "the field keep-alive": ["8.2.2", plus(["keep-alive", "3"])],
  "the field proxy-connection": ["8.2.2", plus(["proxy-connection", "keep-alive"])],
  "the field transfer-encoding": ["8.2.2", plus(["transfer-encoding", "chunked"])],
  "the field upgrade": ["8.2.2", plus(["upgrade", "websocket"])],
  "the field te with another value": ["8.2.2", plus(["te", "trailers, deflate"])],
  "an unknown pseudo-header field": ["8.3", plus([":test", "ok"])],
  "the pseudo-header field of a response": ["8.3", plus([":status", "200"])],
  "a pseudo-header field after another field": [
    "8.3",
    changed((fields) => void fields.splice(1, 0, ["x-test", "ok"])),
  ],
  "a request without :method": ["8.3.1", without(":method")],
  "a request without :scheme": ["8.3.1", without(":scheme")],
  "a request without :path": ["8.3.1", without(":path")],
  "an empty :path": ["8.3.1", replaced(":path", "")],
  "a :path without a slash": ["8.3.1", replaced(":path", "healthz")],
  "a :path with a space": ["8.3.1", replaced(":path", "/health z")],
  "a :path with a line end": ["8.3.1", replaced(":path", "/healthz\r\nx: y")],
  "an empty :method": ["8.3.1", replaced(":method", "")],
  "a :method that is no token": ["8.3.1", replaced(":method", "GET /")],
  "two :method fields": ["8.3.1", [[":method", "GET"], ...requestFields(shortPath)]],
  "two :scheme fields": ["8.3.1", [[":scheme", "https"], ...requestFields(shortPath)]],
  "two :path fields": ["8.3.1", [[":path", "/"], ...requestFields(shortPath)]],
  "two :authority fields": ["8.3.1", [[":authority", "a"], ...requestFields(shortPath)]],
  "an extended CONNECT": ["8.5", [[":protocol", "websocket"], ...replaced(":method", "CONNECT")]],
};

/** Sends a request with a body, and DATA with these texts. */
function post(client: RawHttp2, headers: RawRequest["headers"], ...data: readonly string[]): RawStream {
  const stream = client.expect(client.nextStream);
  const block = blockOf(bodyPath, { method: "POST", ...(headers === undefined ? {} : { headers }) });
  client.send(
    headersFrame(stream.id, block, { endStream: data.length === 0 }),
    ...data.map((text, index) => dataFrame(stream.id, text, { endStream: index === data.length - 1 })),
  );
  return stream;
}

const badBlocks: Readonly<Record<string, Buffer>> = {
  "an index of 0": Buffer.of(0x80),
  "an index beyond both tables": Buffer.of(0xff, 0x80, 0x01),
  "the name of an index beyond both tables": Buffer.of(0x7f, 0x80, 0x01, 0x01, 0x61),
  "an integer without an end": Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  "a string longer than the block": Buffer.of(0x00, 0x7f, 0x50, 0x61),
  "a block that ends inside a field": Buffer.of(0x00, 0x01, 0x61),
  "a table size above SETTINGS_HEADER_TABLE_SIZE": Buffer.of(0x3f, 0xe2, 0x1f, 0x82),
  "a table size after a field": Buffer.of(0x82, 0x20),
  "Huffman padding of more than 7 bits": Buffer.of(0x00, 0x82, 0x1f, 0xff, 0x01, 0x61),
  "Huffman padding of zeros": Buffer.of(0x00, 0x81, 0x18, 0x01, 0x61),
  "the Huffman code of EOS": Buffer.of(0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x01, 0x61),
};

/** Rules of header blocks, requests and their bodies. */
export const messageRules: readonly Rule[] = [
  ...Object.entries(badBlocks).map(([name, block]): Rule => ({
    section: "4.3",
    name: `${name} ends the connection`,
    reaction: connectionError("COMPRESSION_ERROR"),
    run: (client) => client.send(headersFrame(1, block)),
  })),
  {
    section: "4.3",
    name: "the block of a refused stream changes the table all the same",
    reaction: works,
    run: async (client) => {
      const most = client.settings.get(settingIds.maxConcurrentStreams) ?? 0;
      const open = Array.from({ length: most }, () => openRequest(client));
      const indexed = Buffer.concat([
        Buffer.of(0x40, 0x06),
        Buffer.from("x-kept"),
        Buffer.of(0x04),
        Buffer.from("kept"),
      ]);
      const refused = client.expect(client.nextStream);
      client.send(headersFrame(refused.id, Buffer.concat([blockOf(shortPath), indexed])));
      await client.until(() => refused.isOver, "RST_STREAM");
      for (const { id } of open) client.send(dataFrame(id, "x", { endStream: true }));
      await client.until(() => open.every((stream) => stream.isOver), "the answers");
      // The first entry of the dynamic table has the index 62.
      const stream = client.expect(client.nextStream);
      client.send(headersFrame(stream.id, Buffer.concat([blockOf(shortPath), Buffer.of(0x80 | 62)])));
      await client.until(() => stream.isOver, "the answer");
      expect(stream.status).toBe(200);
    },
  },
  ...Object.entries(badFields).map(([name, [section, fields]]): Rule => ({
    section,
    name: `${name} is refused`,
    reaction: malformed,
    run: (client) => sendFields(client, fields),
  })),
  {
    section: "8.2.2",
    name: "the field te with the value trailers is accepted",
    reaction: works,
    run: async (client) => {
      const stream = sendFields(client, plus(["te", "trailers"]));
      await client.until(() => stream.ended, "the answer");
      expect(stream.status).toBe(200);
    },
  },
  {
    section: "8.3.1",
    name: "a request with the field host in place of :authority is accepted",
    reaction: works,
    run: async (client) => {
      const fields = [...requestFields(shortPath)].filter(([name]) => name !== ":authority");
      const stream = sendFields(client, [...fields, ["host", "localhost"]]);
      await client.until(() => stream.ended, "the answer");
      expect(stream.status).toBe(200);
    },
  },
  ...(
    [
      ["longer than the body", "10", ["abc"]],
      ["shorter than the body", "2", ["abc"]],
      ["longer than the body in several frames", "10", ["abc", "def"]],
      ["shorter than the body in several frames", "5", ["abc", "def"]],
      ["of 1 without a body", "1", []],
      ["that is no number", "3x", ["abc"]],
      ["with a sign", "+3", ["abc"]],
      ["of two values", "3, 4", ["abc"]],
    ] as const
  ).map(([name, length, data]): Rule => ({
    section: "8.1.1",
    name: `a content-length ${name} is refused`,
    reaction: malformed,
    run: (client) => post(client, { "content-length": length }, ...data),
  })),
  {
    section: "8.1.1",
    name: "two different content-length fields are refused",
    reaction: malformed,
    run: (client) => {
      const stream = client.expect(client.nextStream);
      const fields = [
        ...requestFields(bodyPath, { method: "POST" }),
        ["content-length", "3"],
        ["content-length", "4"],
      ] as const;
      client.send(
        headersFrame(stream.id, literalBlock(fields), { endStream: false }),
        dataFrame(stream.id, "abc", { endStream: true }),
      );
      return stream;
    },
  },
  {
    section: "8.1.1",
    name: "a content-length that is the sum of all frames is accepted",
    reaction: works,
    run: async (client) => {
      const stream = post(client, { "content-length": "6" }, "abc", "", "def");
      await client.until(() => stream.isOver, "the answer");
      expect(stream.status).toBe(200);
    },
  },
  {
    section: "8.1",
    name: "trailers are accepted",
    reaction: works,
    run: async (client) => {
      const stream = openRequest(client);
      client.send(dataFrame(stream.id, "abc"), headersFrame(stream.id, literalBlock([["x-sum", "1"]])));
      await client.until(() => stream.isOver, "the answer");
      expect(stream.status).toBe(200);
    },
  },
  {
    section: "8.1",
    name: "trailers without END_STREAM are an error",
    reaction: streamError("PROTOCOL_ERROR"),
    run: (client) => {
      const stream = openRequest(client);
      client.send(headersFrame(stream.id, literalBlock([["x-sum", "1"]]), { endStream: false }));
    },
  },
  {
    section: "8.1",
    name: "trailers with a pseudo-header field are refused",
    reaction: malformed,
    run: (client) => {
      const stream = openRequest(client);
      client.send(dataFrame(stream.id, "abc"), headersFrame(stream.id, literalBlock([[":method", "GET"]])));
    },
  },
];

/** The longest context of a PING [ZMTP 3.1, Connection Heartbeating]. */
const mostContextBytes = 16;

const command = 0x04;

/** The frame of a command, up to 255 bytes. */
function encodeCommand(name: string, data: Buffer): Buffer {
  const head = Buffer.from([command, 1 + name.length + data.length, name.length]);
  return Buffer.concat([head, Buffer.from(name, "latin1"), data]);
}

function property(name: string, value: string): Buffer {
  const text = Buffer.alloc(1 + name.length + 4 + value.length);
  text.writeUInt8(name.length);
  text.write(name, 1, "latin1");
  text.writeUInt32BE(value.length, 1 + name.length);
  text.write(value, 1 + name.length + 4, "latin1");
  return text;
}

/** The command with which a PULL socket ends its handshake. */
export const ready: Buffer = encodeCommand("READY", property("Socket-Type", "PULL"));

export interface ZmtpCommand {
  readonly name: string;
  readonly data: Buffer;
}

/** Parses the body of a command. Returns undefined if the body is malformed. */
export function parseCommand(body: Buffer): ZmtpCommand | undefined {
  const [length = 0] = body;
  if (length === 0 || body.length < 1 + length) return undefined;
  return { name: body.toString("latin1", 1, 1 + length), data: body.subarray(1 + length) };
}

/** The `Socket-Type` in the data of a READY command; undefined if it is missing or the data is malformed. */
export function parseSocketType(data: Buffer): string | undefined {
  for (let rest = data; rest.length > 0;) {
    const valueAt = 1 + (rest[0] ?? 0) + 4;
    if (rest.length < valueAt) return undefined;
    const end = valueAt + rest.readUInt32BE(valueAt - 4);
    if (rest.length < end) return undefined;
    const name = rest.toString("latin1", 1, valueAt - 4).toLowerCase();
    if (name === "socket-type") return rest.toString("latin1", valueAt, end);
    rest = rest.subarray(end);
  }
  return undefined;
}

/** The PONG for the data of a PING, which are a time and a context. Returns undefined if the data is malformed. */
export function pongFor(data: Buffer): Buffer | undefined {
  const context = data.subarray(2);
  if (data.length < 2 || context.length > mostContextBytes) return undefined;
  return encodeCommand("PONG", context);
}

import { PharosError } from "../../../base/errors.js";
import { libzmq } from "../../../zeromq/libzmq.js";
import { encodeStatusQuery, parseStatusTable, type StatusRow } from "../wire/control.js";

/**
 * Asks a server's control port for its connections. Each request has its own socket, because a REQ socket that lost a
 * request accepts no further request. Throws `unreachable` if no answer arrives in `deadlineMs`. Also throws the errors
 * of parseStatusTable.
 */
export async function queryStatus(controlSpec: string, deadlineMs: number): Promise<readonly StatusRow[]> {
  const socket = new (libzmq().Request)({ linger: 0, sendTimeout: deadlineMs, receiveTimeout: deadlineMs });
  try {
    socket.connect(controlSpec);
    await socket.send(encodeStatusQuery("net"));
    const [reply] = await socket.receive();
    return parseStatusTable(reply ?? Buffer.alloc(0));
  } catch (cause) {
    if (cause instanceof PharosError) throw cause;
    throw new PharosError(
      "unreachable",
      `the control port ${controlSpec} does not answer within ${deadlineMs} ms`,
      { cause },
    );
  } finally {
    socket.close();
  }
}

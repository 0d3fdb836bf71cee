import type { Ask } from "./protocol.js";
import { connectSender } from "./connect-sender.js";
import { Publishing } from "./publishing.js";
import { roundTrips } from "./round-trips.js";

let publishing: Publishing | undefined;

function current(): Publishing {
  if (publishing === undefined) throw new Error("the publisher is not connected");
  return publishing;
}

async function answer(message: Ask): Promise<unknown> {
  switch (message.kind) {
    case "connect":
      publishing = new Publishing(await connectSender(message.ask.spec), message.ask.streams);
      return null;
    case "begin":
      current().begin(message.ask);
      return null;
    case "stop":
      return current().stop();
    case "publish":
      return current().publish(message.ask.count);
    case "roundTrips":
      return roundTrips({ publishing: current(), ...message.ask });
    default:
      return unknownKind(message);
  }
}

function unknownKind(message: never): never {
  throw new TypeError(`unknown request: ${JSON.stringify(message)}`);
}

// The messages need no validation: only the parent process, which runs the same source, can send them.
process.on("message", (message: Ask) => {
  answer(message).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));

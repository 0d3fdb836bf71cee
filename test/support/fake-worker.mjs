import { Pair } from "zeromq";

// A worker that uses the hub's wire format and serves nothing. The worker greets each connection with the worker's pid,
// and sends all bytes back. It answers each ping with metrics, in which the number of laggards is the number of pings
// so far. The file needs no build.

process.once("disconnect", () => process.exit());
process.once("message", (settings) => void serve(settings));

async function serve({ address }) {
  const pair = new Pair({ linger: 0 });
  pair.connect(address);
  let said = Promise.resolve();
  const say = (message) => {
    said = said.then(() => pair.send(JSON.stringify([message])));
  };
  process.on("message", ({ connection }, socket) => {
    const closed = () => say({ kind: "closed", connection });
    if (socket === undefined) return closed();
    socket.on("error", () => undefined).on("close", closed);
    socket.on("data", (bytes) => socket.write(bytes));
    return socket.write(`${process.pid}\n`);
  });
  say({ kind: "up" });
  let questions = 0;
  for await (const [text] of pair)
    for (const { kind } of JSON.parse(text.toString())) {
      if (kind === "standing")
        say({ kind: "metrics", counted: [], observed: [], laggards: ++questions, bodyBytes: 0, held: 0 });
      if (kind === "settle") say({ kind: "settled" });
      if (kind === "close") process.disconnect();
    }
}

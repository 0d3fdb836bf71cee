import { answerCalls } from "../ipc.js";
import { Crowd } from "./crowd-group.js";
import type { CrowdProtocol } from "./protocol.js";

const crowds = new Map<string, Crowd>();
let connections = 0;

// A source address has 28,232 ports towards one server, and those of closed connections rest for a minute. So every
// 4,000 connections take the next of 127.0.0.0/8, each process in a range of its own.
function nextAddress(): string {
  const block = Math.floor(connections / 4000);
  connections += 1;
  return `127.${1 + (process.pid % 250)}.${block % 250}.${1 + (Math.floor(process.pid / 250) % 250)}`;
}

function crowd(name: string): Crowd {
  const found = crowds.get(name);
  if (found === undefined) throw new Error(`no group is called ${name}`);
  return found;
}

answerCalls<CrowdProtocol>({
  open: (spec) => {
    if (crowds.has(spec.name)) throw new Error(`a group is called ${spec.name} already`);
    const isLoopback = (spec.host ?? "127.0.0.1").startsWith("127.");
    const opened = new Crowd(spec, isLoopback ? nextAddress : () => undefined);
    crowds.set(spec.name, opened);
    opened.open();
  },
  wait: async ({ group, condition, within }) => crowd(group).wait(condition, within),
  snapshot: ({ group }) => crowd(group).snapshot(),
  leave: ({ group, clients, how }) => crowd(group).leave(clients, how),
  read: ({ group, reading }) => crowd(group).read(reading),
  resetDelays: ({ group }) => crowd(group).resetDelays(),
});

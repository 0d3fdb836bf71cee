import { answerCalls } from "../ipc.js";
import { ClientGroup } from "./client-group.js";
import type { LoadProtocol } from "./protocol.js";

const groups = new Map<string, ClientGroup>();
let connections = 0;

// A source address has 28,232 ports for one server, and a closed connection blocks its port for a minute. So after
// every 4,000 connections the process uses the next address of 127.0.0.0/8. Each process has its own range.
function nextAddress(): string {
  const block = Math.floor(connections / 4000);
  connections += 1;
  return `127.${1 + (process.pid % 250)}.${block % 250}.${1 + (Math.floor(process.pid / 250) % 250)}`;
}

function groupNamed(name: string): ClientGroup {
  const found = groups.get(name);
  if (found === undefined) throw new Error(`no group has the name ${name}`);
  return found;
}

answerCalls<LoadProtocol>({
  open: (spec) => {
    if (groups.has(spec.name)) throw new Error(`a group with the name ${spec.name} exists already`);
    const isLoopback = (spec.host ?? "127.0.0.1").startsWith("127.");
    const opened = new ClientGroup(spec, isLoopback ? nextAddress : () => undefined);
    groups.set(spec.name, opened);
    opened.open();
  },
  wait: async ({ group, condition, within }) => groupNamed(group).wait(condition, within),
  snapshot: ({ group }) => groupNamed(group).snapshot(),
  leave: ({ group, clients, how }) => groupNamed(group).leave(clients, how),
  read: ({ group, reading }) => groupNamed(group).read(reading),
  resetDelays: ({ group }) => groupNamed(group).resetDelays(),
});

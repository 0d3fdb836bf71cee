import { afterAll, beforeAll } from "vitest";
import { startNatsServer, type NatsServer } from "../../support/nats-server.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";
import { describeLog } from "../log/log-contract.js";
import type { LogSite } from "../log/log-site.js";
import { natsLog, newStreamName, operator } from "./nats-site.js";

let server: NatsServer;

beforeAll(async () => {
  server = await startNatsServer({ onEnd: afterAll });
});

describeLog({ name: "NATS JetStream", breakages: ["full", "unreachable"], site: natsSite });

async function natsSite(): Promise<LogSite> {
  const name = newStreamName();
  const proxy = await startTcpProxy({ target: server.port });
  const manager = await operator([server.address]);
  const { port } = proxy;
  return {
    create: () => natsLog([`127.0.0.1:${port}`], { name }),
    breakStore: async (kind) => {
      if (kind === "unreachable") return proxy.shut();
      const { state } = await manager.streams.info(name);
      await manager.streams.update(name, { max_bytes: state.bytes });
    },
    heal: async () => {
      const { config } = await manager.streams.info(name);
      if (config.max_bytes > 0) await manager.streams.update(name, { max_bytes: -1 });
      else await proxy.listen(port);
    },
  };
}

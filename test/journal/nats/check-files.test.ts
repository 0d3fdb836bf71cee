import { expect, test } from "vitest";
import { natsLog, newStreamName } from "./nats-site.js";

const noCredentials = "journalCredentials: the file must be a .creds file of NATS, with a JWT and a seed";

test.each([
  [{ credentials: "garbage" }, noCredentials],
  [{ credentials: "" }, noCredentials],
  [{ ca: "garbage" }, "journalCa: the file must begin with a certificate in PEM"],
])("a log refuses files that cannot be used, before it connects: %j", (files, message) => {
  const create = () => natsLog(["127.0.0.1:1"], { name: newStreamName(), ...files });
  expect(create).toThrow(expect.objectContaining({ code: "bad-config", message }));
});

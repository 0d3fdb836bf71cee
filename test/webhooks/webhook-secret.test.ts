import { expect, test } from "vitest";

import { parseWebhookSecret, signWebhook } from "../../src/webhooks/signing/webhook-secret.js";

test("the signature is that of the specification's example", () => {
  // Standard Webhooks, the test of its reference libraries.
  const secret = parseWebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  const headers = signWebhook(secret ?? Buffer.alloc(0), {
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestamp: 1614265330,
    body: '{"test": 2432232314}',
  });
  expect(headers["webhook-signature"]).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

test.each([
  "",
  "whsec_",
  "secret",
  `whsec_${Buffer.alloc(23).toString("base64")}`,
  `whsec_${Buffer.alloc(65).toString("base64")}`,
  Buffer.alloc(32).toString("base64"),
  `whsec_${Buffer.alloc(32).toString("hex")}!`,
])("%j is no secret", (text) => {
  expect(parseWebhookSecret(text)).toBeUndefined();
});

test.each([24, 64])("a secret may have %d bytes", (bytes) => {
  expect(parseWebhookSecret(`whsec_${Buffer.alloc(bytes, 1).toString("base64")}`)).toHaveLength(bytes);
});

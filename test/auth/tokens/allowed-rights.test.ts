import { expect, it } from "vitest";

import { goodClaims, sign, signOlder, World } from "../world.js";

const keys = {
  publishers: "the secret of the publishers, 40 characters",
  subscribers: "the secret of the subscribers, 40 characters",
};

function hub(): World {
  return new World({
    issuers: [
      { secret: keys.publishers, allows: ["publish"], issuer: "https://a.example" },
      { secret: keys.subscribers, allows: ["subscribe"], issuer: "https://b.example" },
      { secret: "the secret of both, of enough characters", issuer: "https://c.example" },
    ],
  });
}

const everything = { mercure: { publish: ["*"], subscribe: ["*"] } };

it.each([
  ["https://a.example", keys.publishers, ["publish"]],
  ["https://b.example", keys.subscribers, ["subscribe"]],
  ["https://c.example", "the secret of both, of enough characters", ["publish", "subscribe"]],
])("a token of %s grants only what its issuer may grant", async (iss, secret, rights) => {
  const [mayPublish, mayRead] = [rights.includes("publish"), rights.includes("subscribe")];
  const tokens = [
    await sign({ claims: { ...goodClaims, iss }, key: Buffer.from(secret) }),
    await signOlder({ ...everything, iss }, { key: Buffer.from(secret) }),
    await signOlder(everything, { key: Buffer.from(secret) }),
  ];
  for (const token of tokens) {
    const grants = await hub().grants(token);
    expect([grants.mayPublish, grants.publish.length > 0, grants.subscribe.length > 0]).toEqual([
      mayPublish,
      mayPublish,
      mayRead,
    ]);
  }
});

it("the publishers' key does not verify a token of the subscribers' issuer", async () => {
  const token = await sign({
    claims: { ...goodClaims, iss: "https://b.example" },
    key: Buffer.from(keys.publishers),
  });
  expect(await hub().refusal(token)).toContain("its signature is not by a key of its issuer");
});

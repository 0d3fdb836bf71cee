import { expect, test } from "vitest";
import { ReloadableVerifiers } from "../../../src/app/verifiers/reloadable-verifiers.js";
import type { TokenVerifier } from "../../../src/auth/grants/grants.js";
import type { LogFields } from "../../../src/base/log.js";
import { silentLogger } from "../../../src/base/log.js";

function verifierOf(reason: string): TokenVerifier {
  return { verify: () => Promise.resolve({ ok: false, reason }) };
}

test("keys are read again together, or not at all", async () => {
  const errors: LogFields[] = [];
  const verifiers = new ReloadableVerifiers({ ...silentLogger, error: (fields) => void errors.push(fields) });
  const files = { a: "a1", b: "b1", isBroken: false };
  const a = verifiers.add(() => verifierOf(files.a));
  const b = verifiers.add(() => {
    if (files.isBroken) throw new Error("cannot read b");
    return verifierOf(files.b);
  });
  const reasons = async (): Promise<unknown> =>
    (await Promise.all([a?.verify("t"), b?.verify("t")])).map(
      (verdict) => verdict?.ok === false && verdict.reason,
    );
  Object.assign(files, { a: "a2", b: "b2" });
  expect(await reasons()).toEqual(["a1", "b1"]);
  verifiers.reload();
  expect(await reasons()).toEqual(["a2", "b2"]);
  Object.assign(files, { a: "a3", isBroken: true });
  verifiers.reload();
  expect(await reasons()).toEqual(["a2", "b2"]);
  expect(errors).toEqual([{ reason: "cannot read b" }]);
});

test("without keys there is no verifier", () => {
  expect(new ReloadableVerifiers(silentLogger).add(() => undefined)).toBeUndefined();
});

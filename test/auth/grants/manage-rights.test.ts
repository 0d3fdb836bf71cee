import { expect, it } from "vitest";
import { manageClaim, manageRights, parseManageRights } from "../../../src/auth/grants/manage-rights.js";

it("grants nothing without the claim, and ignores rights of later versions", () => {
  expect(parseManageRights({})).toEqual([]);
  expect(parseManageRights({ pharos: {} })).toEqual([]);
  expect(parseManageRights({ pharos: { manage: ["later", "disconnect"] } })).toEqual(["disconnect"]);
});

it("reads the claim that it writes", () => {
  expect(parseManageRights(manageClaim(manageRights))).toEqual([...manageRights]);
  expect(manageClaim([])).toEqual({});
});

it.each([
  ["a text", "disconnect"],
  ["null", null],
  ["a list", ["disconnect"]],
  ["a text as manage", { manage: "disconnect" }],
  ["numbers in manage", { manage: [1] }],
  ["null as manage", { manage: null }],
])("refuses a token whose claim is %s", (_what, claim) => {
  expect(() => parseManageRights({ pharos: claim })).toThrow(/allowed is/);
});

import { expect, it } from "vitest";
import { patched } from "./patched-hub.js";

const patch = { file: "hub.js", find: "await stored;", replace: "" };

it("a patch replaces its text", () => {
  expect(patched("append(); await stored; show();", patch)).toBe("append();  show();");
});

it.each(["append(); show();", "await stored; await stored;"])("a patch does not fit %j", (text) => {
  expect(() => patched(text, patch)).toThrow(/in hub\.js, not once$/);
});

import { expect, it } from "vitest";
import { Template } from "../../../../src/protocols/push-stream/messages/template.js";
import type { TemplateFields } from "../../../../src/protocols/push-stream/messages/template.js";

const words: TemplateFields = {
  id: "7",
  "event-id": "e",
  "event-type": "t",
  channel: "~id~",
  text: "said",
  rawText: "raw",
  size: "4",
  tag: "2",
  time: "now",
};

it.each([
  ["~id~ ~event-id~ ~event-type~ ~text~ ~size~ ~tag~ ~time~", "7 e t said 4 2 now"],
  ["~ID~~Text~", "7said"],
  ["id ~other~ ~~id~~", "id ~other~ ~7~"],
  ["~channel~~id~", "~id~7"],
  ["", ""],
])("the template %j writes what a message says in the place of its words", (text, written) => {
  expect(new Template(text).write(words)).toBe(written);
});

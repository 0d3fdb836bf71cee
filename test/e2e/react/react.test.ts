import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";
import { PharosProvider, usePharos, useTopic } from "@pharos/react";
import { testHooks } from "./hooks.js";

testHooks("19", async () => undefined);

test("a server renders no values and opens no stream; wrong use is one clear sentence", () => {
  const Topic = ({ topic }: { readonly topic: string }): string => useTopic(topic)?.data ?? "none";
  const State = (): string => usePharos().state.kind;
  const page = (topic: string): string =>
    renderToString(
      createElement(PharosProvider, { url: "/" }, createElement(Topic, { topic }), createElement(State)),
    );
  expect(page("a")).toBe("none<!-- -->idle");
  expect(() => page("a/#")).toThrow("useTopic needs one topic, not the filter a/#");
  expect(() => renderToString(createElement(State))).toThrow(
    "usePharos needs a <PharosProvider> above its component",
  );
});

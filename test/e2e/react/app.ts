import { createElement, Fragment, StrictMode, version, type ReactElement } from "react";
import { createRoot, type Root } from "react-dom/client";
import { PharosProvider, useEvents, usePharos, useTopic } from "@pharos/react";

/** What the page shows. The test sends it as JSON. */
export interface Shown {
  /** The topics whose last events are shown, each in a component of its own, `[data]` or `[none]`. */
  readonly topics?: readonly string[];
  /** The filters whose events go to the log. @default no such component */
  readonly filters?: readonly string[];
}

/** The functions of the page for the test. */
export interface TestApp {
  /** The version of React. */
  readonly react: string;
  /** The data of all events of the filters, in order. */
  readonly log: string[];
  show(shown: Shown): void;
  /** Takes all components away. */
  unmount(): void;
  text(): string;
}

declare global {
  var app: TestApp;
}

const container = document.createElement("main");
document.body.append(container);
const log: string[] = [];
let root: Root | undefined;

function Topic({ topic }: { readonly topic: string }): ReactElement {
  return createElement(Fragment, undefined, `[${useTopic(topic)?.data ?? "none"}]`);
}

function Log({ filters }: { readonly filters: readonly string[] }): ReactElement {
  useEvents(filters, (item) => void log.push(item.kind === "event" ? item.data : `gap ${item.reason}`));
  return createElement(Fragment);
}

function State(): ReactElement {
  const { state, refused } = usePharos();
  return createElement(Fragment, undefined, state.kind, refused?.message);
}

globalThis.app = {
  react: version,
  log,
  show({ topics = [], filters }) {
    root ??= createRoot(container);
    const url = new URLSearchParams(location.search).get("hub") ?? "";
    const shown = topics.map((topic, key) => createElement(Topic, { topic, key }));
    const listening = filters === undefined ? [] : [createElement(Log, { filters, key: "log" })];
    const all = [...shown, ...listening, createElement(State, { key: "state" })];
    root.render(createElement(StrictMode, undefined, createElement(PharosProvider, { url }, all)));
  },
  unmount() {
    root?.unmount();
    root = undefined;
  },
  text: () => container.textContent,
};

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startChromium } from "../support/chromium.js";
import { root } from "../support/ipc.js";
import { atTestEnd, type OnEnd } from "../support/on-end.js";
import { waitFor } from "../support/wait-for.js";

const timeout = 60_000;

interface Example {
  readonly child: ChildProcess;
  /** The URL of the example's page. */
  readonly url: string;
  /** Waits until standard output matches. */
  readonly said: (pattern: RegExp) => Promise<RegExpExecArray>;
}

interface ExampleOptions {
  readonly args?: readonly string[];
  /** @default the end of the running test */
  readonly onEnd?: OnEnd;
}

/** Starts an example as its README says. */
async function startExample(name: string, options: ExampleOptions = {}): Promise<Example> {
  const { args = [], onEnd = atTestEnd } = options;
  const child = spawn(process.execPath, ["--import", "tsx", join("examples", name, "main.ts"), ...args], {
    cwd: root,
    env: { ...process.env, PORT: "0" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  onEnd(async () => {
    const ended = once(child, "exit");
    if (child.exitCode === null && child.kill("SIGKILL")) await ended;
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const said = (pattern: RegExp): Promise<RegExpExecArray> =>
    waitFor(() => pattern.exec(output) ?? undefined, {
      within: timeout,
      missing: () => `the example ${name} has not said ${String(pattern)}, only: ${output}`,
    });
  return { child, url: (await said(/^open (\S+)$/m))[1] ?? "", said };
}

/** The URL of the example's hub, read from the page's own source. */
async function hubOf(url: string): Promise<string> {
  const reply = await fetch(new URL("hub.js", url));
  return /"(.+)"/.exec(await reply.text())?.[1] ?? "";
}

async function openPage(url: string): Promise<Page> {
  return (await startChromium()).openPage(url);
}

test("the clock shows the time at once, and updates it", async () => {
  const { url } = await startExample("clock");
  const page = await openPage(url);
  const time = page.locator("time[datetime]");
  await time.waitFor({ timeout });
  const first = await time.getAttribute("datetime");
  expect(Date.parse(first ?? "")).toBeGreaterThan(0);
  await page.locator(`time[datetime]:not([datetime="${first}"])`).waitFor({ timeout });
});

test("the sensors show each one's present reading, also to a page that comes later, and send only changes", async () => {
  const { child, url } = await startExample("sensors");
  child.stdin?.write("kitchen 21.5\nfront-door open\nkitchen 21.5\nkitchen 22\n");
  const page = await openPage(url);
  await page.getByRole("row", { name: /^front-door open/ }).waitFor({ timeout });
  await page.getByRole("row", { name: /^kitchen 22/ }).waitFor({ timeout });
  const count = async (): Promise<number> =>
    page.evaluate(
      async (hub) => {
        const reply = await fetch(`${hub}/esupdates?topic=sensors/%2B&last_event_id=earliest`);
        const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
        let text = "";
        while (!text.includes('"reading":"22"')) text += (await reader?.read())?.value ?? "";
        await reader?.cancel();
        return text.split('"reading"').length - 1;
      },
      await hubOf(url),
    );
  expect(await count()).toBe(3);
  child.stdin?.write("front-door closed\n");
  await page.getByRole("row", { name: /^front-door closed/ }).waitFor({ timeout });
});

test("a notification reaches the user whom it is for, and nobody else", async () => {
  const { url } = await startExample("notifications");
  const [ada, grace] = [await openPage(url), await openPage(url)];
  for (const [page, name] of [
    [ada, "Ada"],
    [grace, "Grace"],
  ] as const) {
    await page.getByRole("button", { name }).first().click();
    await page.getByText(`${name.toLowerCase()} is logged in.`).waitFor({ timeout });
  }
  // Grace's page also follows Ada's topic, with Grace's token.
  await grace.evaluate(
    async (hub) => {
      const stream = new EventSource(`${hub}/esupdates?topic=users/ada&topic=users/grace`, {
        withCredentials: true,
      });
      const got: string[] = [];
      Object.assign(globalThis, { got });
      stream.addEventListener("message", ({ data }) => got.push(String(data)));
      await new Promise((resolve) => stream.addEventListener("open", resolve));
    },
    await hubOf(url),
  );
  await ada.getByRole("button", { name: "Ada" }).last().click();
  await ada.getByRole("listitem").getByText("for ada").waitFor({ timeout });
  await ada.getByRole("button", { name: "Grace" }).last().click();
  await grace.getByRole("listitem").getByText("for grace").waitFor({ timeout });
  await grace.waitForFunction(() => (globalThis as unknown as { got: string[] }).got.length > 0, null, {
    timeout,
  });
  const got = await grace.evaluate(() => (globalThis as unknown as { got: string[] }).got);
  expect(got).toEqual([expect.stringContaining("for grace")]);
  expect(await ada.getByRole("listitem").count()).toBe(1);
});

test("the list of changes shows earlier and later events", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pharos-changes-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { url, said } = await startExample("changes", { args: [folder] });
  await said(/^watching /m);
  writeFileSync(join(folder, "first"), "");
  const page = await openPage(url);
  await page
    .getByText(/rename first$/)
    .first()
    .waitFor({ timeout });
  writeFileSync(join(folder, "second"), "");
  await page
    .getByText(/rename second$/)
    .first()
    .waitFor({ timeout });
  expect(await page.getByRole("listitem").last().textContent()).toContain("first");
});

describe("the chat", () => {
  let url = "";

  beforeAll(async () => {
    const ends: Parameters<OnEnd>[0][] = [];
    ({ url } = await startExample("chat", { onEnd: (end) => ends.push(end) }));
    return async () => {
      for (const end of ends) await end();
    };
  });

  test("shows all users the same lines as text, and the last lines to users who join late", async () => {
    const [ada, grace] = await Promise.all([enter(url, "Ada"), enter(url, "Grace")]);
    await say(ada, "hello");
    await say(grace, "<b>hi</b>");
    await say(ada, "bye");
    const lines = ["Ada: hello", "Grace: <b>hi</b>", "Ada: bye"];
    for (const page of [ada, grace, await openPage(url)])
      expect(await linesUntil(page, "Ada: bye")).toEqual(lines);
  });

  test("lets nobody speak under another's name, or without one", async () => {
    const page = await openPage(url);
    const codes = await page.evaluate(sayAsGrace, await hubOf(url));
    expect(codes).toEqual(["unauthorized", "insufficient-scope"]);
  });

  test("resumes after its connection broke, with the lines sent meanwhile", async () => {
    const page = await (await startChromium()).emptyPage();
    const sockets: { close(): Promise<void> }[] = [];
    await page.routeWebSocket(/\/ws\?/, (socket) => {
      sockets.push(socket);
      socket.connectToServer();
    });
    await page.goto(url, { waitUntil: "domcontentloaded" });
    const [alan, edsger] = [await enter(url, "Alan"), await joinAs(page, "Edsger")];
    await say(alan, "one");
    await linesUntil(edsger, "Alan: one");
    await sockets[0]?.close();
    await edsger.getByText("Disconnected").waitFor({ timeout });
    await say(alan, "two");
    await edsger.getByText("You are Edsger.").waitFor({ timeout });
    await say(edsger, "three");
    const lines = await linesUntil(edsger, "Edsger: three");
    expect(lines.slice(-3)).toEqual(["Alan: one", "Alan: two", "Edsger: three"]);
  });
});

async function enter(url: string, name: string): Promise<Page> {
  return joinAs(await openPage(url), name);
}

/** Joins, and waits until messages can be sent. */
async function joinAs(page: Page, name: string): Promise<Page> {
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByText(`You are ${name}.`).waitFor({ timeout });
  return page;
}

/** Sends a message, and waits until the page has received this message and the field is empty. */
async function say(page: Page, text: string): Promise<void> {
  const field = page.getByLabel("Your line");
  await field.fill(text);
  await field.press("Enter");
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>("#text")?.value === "", null, {
    timeout,
  });
}

/** Waits for the last line. Returns all lines. */
async function linesUntil(page: Page, last: string): Promise<readonly string[]> {
  await page.getByRole("listitem").last().getByText(last, { exact: true }).waitFor({ timeout });
  return page.getByRole("listitem").allTextContents();
}

/**
 * Publishes from the chat's page over a new WebSocket, first without a token, then with Ada's token. Returns the hub's
 * error responses.
 */
async function sayAsGrace(hub: string): Promise<readonly unknown[]> {
  const socket = new WebSocket(`${hub.replace(/^http/, "ws")}/ws?topic=chat/lobby/%2B`);
  const publish = { topic: "chat/lobby/Grace", data: "not hers" };
  const codes: unknown[] = [];
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  const both = new Promise((resolve) =>
    socket.addEventListener("message", ({ data }) => {
      const { code } = JSON.parse(String(data)) as { readonly code?: string };
      if (code !== undefined && codes.push(code) === 2) resolve(undefined);
    }),
  );
  socket.send(JSON.stringify({ publish }));
  const token = await (await fetch("/join?name=Ada", { method: "POST" })).text();
  socket.send(JSON.stringify({ token }));
  socket.send(JSON.stringify({ publish }));
  await both;
  socket.close();
  return codes;
}

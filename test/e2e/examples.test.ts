import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { startChromium } from "../support/chromium.js";
import { root } from "../support/ipc.js";
import { waitFor } from "../support/wait-for.js";

const timeout = 60_000;

interface Example {
  readonly child: ChildProcess;
  /** Where its page is. */
  readonly url: string;
  /** Until it has written this to standard output. */
  readonly said: (pattern: RegExp) => Promise<RegExpExecArray>;
}

/** Starts one as its README says; it ends with the test. */
async function startExample(name: string, ...args: readonly string[]): Promise<Example> {
  const child = spawn(process.execPath, ["--import", "tsx", join("examples", name, "main.ts"), ...args], {
    cwd: root,
    env: { ...process.env, PORT: "0" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(async () => {
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

/** Where its hub is, as its page learns it. */
async function hubOf(url: string): Promise<string> {
  const reply = await fetch(new URL("hub.js", url));
  return /"(.+)"/.exec(await reply.text())?.[1] ?? "";
}

async function openPage(url: string): Promise<Page> {
  return (await startChromium()).openPage(url);
}

test("the clock shows the time at once, and goes", async () => {
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
  // Grace's page follows Ada's topic too, with Grace's token.
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

test("the list of changes shows what came before the page and what comes after", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pharos-changes-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { url, said } = await startExample("changes", folder);
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

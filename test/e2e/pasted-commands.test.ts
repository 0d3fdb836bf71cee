import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { startChromium } from "../support/chromium.js";
import { HubProcess, hubEntry, startHub } from "../support/hub-process.js";
import { root } from "../support/ipc.js";
import { olderToken, secret } from "../support/token.js";
import { waitFor } from "../support/wait-for.js";

const timeout = 60_000;

interface Site {
  readonly hub: HubProcess;
  readonly page: Page;
  readonly token: string;
}

interface FormContent {
  readonly data: string;
  readonly type?: string;
  readonly id?: string;
  readonly retain?: boolean;
  readonly private?: boolean;
}

/** A page that follows one topic. With a token the hub is closed; without one, it is open to this machine. */
async function openPage(topic: string, { hasToken }: { readonly hasToken: boolean }): Promise<Site> {
  const hub = await startHub(hasToken ? { env: { PHAROS_TOKEN_SECRET: secret } } : { args: ["--open=on"] });
  const token = hasToken ? await olderToken({ publish: ["*"], subscribe: ["*"] }) : "";
  const browser = await startChromium();
  const page = await browser.openPage(`${hub.httpUrl}/#view=code`);
  page.on("dialog", (dialog) => void dialog.accept(token));
  await page.getByLabel("Topic filters").fill(topic);
  await page.getByLabel("Topic filters").press("Enter");
  await page.getByRole("button", { name: "Options" }).click();
  await page.getByLabel("Token, to follow").fill(token);
  await page.getByRole("button", { name: "Reconnect" }).click();
  await page.locator("#state", { hasText: /^Connected/ }).waitFor({ timeout });
  return { hub, page, token };
}

async function fillForm(page: Page, content: FormContent): Promise<void> {
  await page.getByRole("tab", { name: "Publish" }).click();
  await page.getByRole("textbox", { name: "Data" }).fill(content.data);
  await page.getByRole("textbox", { name: "Type" }).fill(content.type ?? "");
  await page.getByRole("textbox", { name: "Id", exact: true }).fill(content.id ?? "");
  await page.getByLabel("Retain").setChecked(content.retain === true);
  await page.getByLabel("Private").setChecked(content.private === true);
}

/** The commands that the page shows in a list, by their titles. */
async function commandsOf(page: Page, list: string): Promise<ReadonlyMap<string, string>> {
  const titles = await page.locator(`#${list} figcaption span`).allTextContents();
  const texts = await page.locator(`#${list} pre`).allTextContents();
  return new Map(titles.map((title, n) => [title, texts[n] ?? ""]));
}

/** Pastes a command into a shell in the folder of the checkout. The shell has the token only if the page has one. */
function paste(command: string, { token }: Site): HubProcess {
  const env: NodeJS.ProcessEnv = { ...process.env, PHAROS_TOKEN: token };
  if (token === "") delete env["PHAROS_TOKEN"];
  const child = spawn("bash", [], { cwd: root, env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(`${command}\n`);
  const shell = new HubProcess(child, root);
  onTestFinished(async () => {
    if (shell.exit === undefined) process.kill(-shell.pid, "SIGKILL");
    await shell.waitForExit({ within: 30_000 });
  });
  return shell;
}

async function printed(shell: HubProcess, text: string): Promise<void> {
  await waitFor(() => shell.stdout.includes(text), {
    within: timeout,
    missing: () => `${JSON.stringify(text)} is not in ${shell.stdout} ${shell.stderr}`,
  });
}

/** Runs each command that publishes, and waits until all subscribers have printed the data of each. */
async function publishAll(
  site: Site,
  content: FormContent,
  subscribers: readonly HubProcess[],
): Promise<void> {
  const outputs = new Map([
    ["curl", /^\{"ids":\["[^"]+"\]\}\n?$/],
    ["Command line", /^[^\s]+\n$/],
  ]);
  for (const title of ["curl", "Command line", "JavaScript"]) {
    const data = `${content.data} by ${title}`;
    await fillForm(site.page, { ...content, data });
    const command = (await commandsOf(site.page, "publish-code")).get(title) ?? "";
    const output = outputs.get(title);
    if (output === undefined) await site.page.evaluate(`(async () => { ${command} })()`);
    else await pasteUntilDone(command, { site, output });
    for (const subscriber of subscribers) await printed(subscriber, data);
  }
}

/** Pastes a command that ends by itself, and checks its output. */
async function pasteUntilDone(
  command: string,
  { site, output }: { readonly site: Site; readonly output: RegExp },
): Promise<void> {
  const shell = paste(command, site);
  const exit = await shell.waitForExit({ within: timeout });
  const { stdout, stderr } = shell;
  expect({ exit, stdout, stderr }).toMatchObject({
    exit: { code: 0, signal: null },
    stdout: expect.stringMatching(output) as string,
  });
}

const oddTopic = `it's "odd"/$HOME/\`id\`/!ü &;|`;
const oddData = `'single' "double" $(id) \\ \`x\` ! 日本 {"a":[1,2]}`;

test.each([{ hasToken: false }, { hasToken: true }])(
  "every command of the page works when pasted into a shell, with an odd topic and odd data: %j",
  async (options) => {
    const site = await openPage(oddTopic, options);
    const shown = await commandsOf(site.page, "subscribe-code");
    const subscribers = ["curl", "Command line"].map((title) => paste(shown.get(title) ?? "", site));
    await printed(subscribers[0] as HubProcess, "retry:");
    await subscribers[1]?.waitForLog(/Connected/, { within: timeout });
    await publishAll(site, { data: oddData, type: "línea 日" }, subscribers);
    expect(subscribers[1]?.stdout).toContain(`${oddTopic} (línea 日): ${oddData} by curl\n`);
  },
);

// Bug: the commands left out both fields, so a private publication became public.
test("a private, retained publication stays private and retained in each command", async () => {
  const site = await openPage("secret/plan", { hasToken: true });
  const { hub, token } = site;
  const poll = async (headers: Readonly<Record<string, string>>): Promise<string> =>
    (await fetch(`${hub.httpUrl}/poll?topic=secret/plan`, { headers })).text();
  for (const title of ["curl", "Command line"]) {
    await fillForm(site.page, { data: `kept by ${title}`, retain: true, private: true });
    const command = (await commandsOf(site.page, "publish-code")).get(title) ?? "";
    await paste(command, site).waitForExit({ within: timeout });
    expect(await poll({ Authorization: `Bearer ${token}` })).toContain(`kept by ${title}`);
    expect(await poll({})).not.toContain("kept by");
  }
});

test("the code for pages runs in a page, with the token that the page asks for", async () => {
  const site = await openPage("news/#", { hasToken: true });
  const { page } = site;
  const logged: string[] = [];
  page.on("console", (message) => logged.push(message.text()));
  const shown = await commandsOf(page, "subscribe-code");
  for (const title of ["JavaScript, with the library", "JavaScript, without"])
    void page.evaluate(`void (async () => { ${shown.get(title) ?? ""} })()`);
  await fillForm(page, { data: "0" });
  const publish = (await commandsOf(page, "publish-code")).get("JavaScript") ?? "";
  expect(publish).toContain("prompt(");
  const count = (): number => logged.filter((text) => text === "0").length;
  await waitFor(
    async () => {
      await page.evaluate(`(async () => { ${publish} })()`);
      return count() >= 2;
    },
    { within: timeout, missing: () => `two lines of data in ${logged.join("\n")}` },
  );
});

test("the command of an empty page publishes, and the page shows the event", async () => {
  const site = await openPage("news/+", { hasToken: false });
  const command = await site.page.locator("#example").textContent();
  const shell = paste(command ?? "", site);
  expect(await shell.waitForExit({ within: timeout })).toEqual({ code: 0, signal: null });
  await site.page.locator("#rows .data").getByText("Hello from the tower").waitFor({ timeout });
  expect(await site.page.locator("#rows .topic").textContent()).toBe("news/example");
});

// Bug: an installed package has no ./scripts/pharos.
test("without the file of a checkout, the page writes the command line as pharos", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pharos-pasted-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "pharos"), `#!/bin/sh\nexec "${process.execPath}" "${hubEntry}" "$@"\n`);
  chmodSync(join(bin, "pharos"), 0o755);
  const hub = await startHub({ args: ["--open=on"] });
  const browser = await startChromium();
  const page = await browser.emptyPage();
  await page.route("**/program.js", (route) => route.fulfill({ status: 404 }));
  await page.goto(`${hub.httpUrl}/`, { waitUntil: "domcontentloaded" });
  await page.locator("#state", { hasText: /^Connected/ }).waitFor({ timeout });
  const command = (await page.locator("#example").textContent()) ?? "";
  expect(command).toMatch(/^pharos publish --url /);
  const path = `${bin}${delimiter}${process.env["PATH"] ?? ""}`;
  const shell = paste(`PATH='${path}'; ${command}`, { hub, page, token: "" });
  expect(await shell.waitForExit({ within: timeout })).toEqual({ code: 0, signal: null });
  await page.locator("#rows .data").getByText("Hello from the tower").waitFor({ timeout });
});

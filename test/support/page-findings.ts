import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The parts of axe-core's page script that are used here. */
interface Axe {
  readonly axe: {
    run(): Promise<{ readonly violations: readonly Violation[] }>;
  };
}

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
}

/**
 * The accessibility faults of severity `moderate` or higher that axe-core finds in a page. Each fault is one line, with
 * its elements.
 */
export async function accessibilityFindings(page: Page): Promise<readonly string[]> {
  await page.evaluate(source);
  const violations = await page.evaluate(
    async () => (await (globalThis as unknown as Axe).axe.run()).violations,
  );
  return violations
    .filter(({ impact }) => impact !== "minor")
    .map(({ id, impact, nodes }) => `${impact ?? "?"}: ${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

/** The number of pixels by which the page is wider than the window. */
export function sidewaysOverflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** Presses Tab until the element has the focus, like a user without a mouse. */
export async function tabTo(page: Page, selector: string): Promise<void> {
  for (let pressed = 0; pressed < 60; pressed += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector)) return;
  }
  throw new Error(`${selector} did not get the focus in 60 presses of Tab`);
}

/** Checks a page in both themes, wide and as on a phone. The page has buttons for its themes. */
export async function expectNoFindings(page: Page): Promise<void> {
  for (const theme of ["Light theme", "Dark theme"]) {
    await page.getByTitle(theme).click();
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 800 });
      expect([theme, width, await accessibilityFindings(page)]).toEqual([theme, width, []]);
      expect([theme, width, await sidewaysOverflow(page)]).toEqual([theme, width, 0]);
    }
  }
}

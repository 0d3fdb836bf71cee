import { readFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);

/** Pages that show files of deploy/. Before each such block of code is a comment with the name of its file. */
export const pagesWithFiles = ["docs/operating/deploying.md", "docs/operating/proxies.md"] as const;

const block = /^<!-- deploy\/(\S+) -->\n```(\w+)\n[^]*?^```$/gm;

/** The page with the present content of each file. Throws if a page shows no file, or a file is missing. */
export function withDeployFiles(page: string): string {
  const text = readFileSync(new URL(page, root), "utf8");
  if (text.search(block) < 0) throw new Error(`${page} shows no file of deploy/`);
  return text.replaceAll(block, (_block, file: string, language: string) => {
    const content = readFileSync(new URL(`deploy/${file}`, root), "utf8");
    return `<!-- deploy/${file} -->\n\`\`\`${language}\n${content}\`\`\``;
  });
}

import pc from "picocolors";

const width = 30;

/** Draws a bar on standard error if standard error is a terminal. Otherwise prints a line every 5%. */
export function progressBar(
  out: NodeJS.WriteStream = process.stderr,
): (step: { readonly done: number; readonly of: number; readonly label: string }) => void {
  const startedAt = performance.now();
  let printed = -1;
  return ({ done, of, label }) => {
    const share = of === 0 ? 1 : done / of;
    const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
    if (out.isTTY) {
      const full = Math.round(share * width);
      const bar = pc.cyan("█".repeat(full)) + pc.dim("░".repeat(width - full));
      const line = `${bar} ${Math.round(share * 100)}% ${minutes} min  ${label}`;
      out.write(`\r\u001B[2K${clipped(line, out.columns)}${done === of ? "\n" : ""}`);
    } else if (Math.floor(share * 20) > printed) {
      printed = Math.floor(share * 20);
      out.write(`${Math.round(share * 100)}% after ${minutes} min: ${label}\n`);
    }
  };
}

/** Cuts the line, because a wrapped line cannot be redrawn. Colour codes do not count, because they use no columns. */
function clipped(line: string, columns: number): string {
  const colourCodes = 20;
  return line.length > columns + colourCodes ? line.slice(0, columns + colourCodes) : line;
}

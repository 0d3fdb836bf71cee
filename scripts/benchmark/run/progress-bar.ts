import pc from "picocolors";

const width = 30;

/** Draws a bar on a terminal, on standard error; elsewhere one line for each twentieth. */
export function progressBar(
  out: NodeJS.WriteStream = process.stderr,
): (step: { readonly done: number; readonly of: number; readonly what: string }) => void {
  const startedAt = performance.now();
  let told = -1;
  return ({ done, of, what }) => {
    const share = of === 0 ? 1 : done / of;
    const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
    if (out.isTTY) {
      const full = Math.round(share * width);
      const bar = pc.cyan("█".repeat(full)) + pc.dim("░".repeat(width - full));
      const line = `${bar} ${Math.round(share * 100)}% ${minutes} min  ${what}`;
      out.write(`\r\u001B[2K${clipped(line, out.columns)}${done === of ? "\n" : ""}`);
    } else if (Math.floor(share * 20) > told) {
      told = Math.floor(share * 20);
      out.write(`${Math.round(share * 100)}% after ${minutes} min: ${what}\n`);
    }
  };
}

/** A line that wraps cannot be drawn over. Colours take no room: what they are written with may stand over. */
function clipped(line: string, columns: number): string {
  const colours = 20;
  return line.length > columns + colours ? line.slice(0, columns + colours) : line;
}

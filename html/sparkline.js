/**
 * Counts as the path of an SVG as wide as there are counts and 20 high, one bar each; the tallest fills it, and none is
 * lower than can be seen.
 */
export function barsPath(counts) {
  const peak = Math.max(...counts);
  return counts
    .map((count, x) =>
      count > 0 ? `M${x + 0.15} 20h.7V${(19 - (17.5 * count) / peak).toFixed(2)}h-.7z` : "",
    )
    .join("");
}

/** An SVG that shows what it is last given, for people who see it; a number beside it is for all. */
export function createSparkline(length) {
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", `0 0 ${length} 20`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("sparkline");
  const path = document.createElementNS(namespace, "path");
  svg.append(path);
  return { svg, show: (counts) => path.setAttribute("d", barsPath(counts)) };
}

const namespace = "http://www.w3.org/2000/svg";

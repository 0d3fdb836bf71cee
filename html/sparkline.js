/**
 * Draws counts as an SVG path, one bar per count, in a box with the given width and a height of 20. The highest bar
 * fills the box. Every bar above 0 is visible.
 */
export function barsPath(counts) {
  const peak = Math.max(...counts);
  return counts
    .map((count, x) =>
      count > 0 ? `M${x + 0.15} 20h.7V${(19 - (17.5 * count) / peak).toFixed(2)}h-.7z` : "",
    )
    .join("");
}

/** An SVG of the counts. The SVG is hidden from screen readers, because the same figure is next to it as a number. */
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

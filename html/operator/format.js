const units = ["B", "KiB", "MiB", "GiB", "TiB"];

/**
 * Formats a number. Fractions below ten have one decimal place, and other numbers are rounded to whole numbers.
 * Undefined becomes a dash.
 */
export function formatNumber(value) {
  if (value === undefined) return "–";
  if (value > 0 && value < 10 && !Number.isInteger(value)) return value.toFixed(1);
  return Math.round(value).toLocaleString("en");
}

export function formatBytes(bytes) {
  if (bytes === undefined) return "–";
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** power;
  return `${power > 0 && value < 100 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

/** Formats a duration in milliseconds or seconds. The smallest step is 0.1 ms. */
export function formatSeconds(seconds) {
  if (seconds === undefined) return "–";
  if (seconds >= 1) return `${seconds.toFixed(1)} s`;
  const ms = seconds * 1000;
  return `${ms > 0 && ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** Formats a running time in its two largest units, such as days and hours. */
export function formatUptime(seconds) {
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [Math.floor(seconds) % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  const shown = first < 0 ? parts.slice(-1) : parts.slice(first, first + 2);
  return shown.map(([count, unit]) => `${count} ${unit}`).join(" ");
}

/** Formats a span of observation: whole seconds below two minutes, else whole minutes. */
export function formatSpan(seconds) {
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.floor(seconds / 60)} min`;
}

/** Three significant digits, with thousands separators: 2,130,000, 13.6, 0.21. */
export function numberText(value: number): string {
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const rounded = Number(value.toPrecision(3));
  return rounded.toLocaleString("en", { maximumFractionDigits: digits });
}

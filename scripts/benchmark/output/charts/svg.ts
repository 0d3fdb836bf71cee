/** The start of an SVG, with the styles of all charts for light and dark pages. */
export function styled(width: number, height: number): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Benchmark figures">
<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .label { text-anchor: end; }
  .middle { text-anchor: middle; }
  .note { font-size: 11px; fill: #59636e; }
  .own { fill: #0a66c2; }
  .peer { fill: #a7b0ba; }
  .frame { fill: none; stroke: #d1d9e0; }
  polyline.own { fill: none; stroke: #0a66c2; stroke-width: 2; }
  .dashed { stroke-dasharray: 4 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .note { fill: #9198a1; }
    .own { fill: #4da3ff; }
    .peer { fill: #59636e; }
    .frame { stroke: #3d444d; }
    polyline.own { stroke: #4da3ff; }
  }
</style>`;
}

/** Escapes text for use in an element. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

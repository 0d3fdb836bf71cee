const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The three forms of a date in HTTP [RFC 9110 5.6.7]. The day may have one digit, as in the module's examples. */
const forms = [
  /^[A-Z][a-z]{2}, (?<day>\d{1,2}) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<clock>\d\d:\d\d:\d\d) (?:GMT|UTC)$/,
  /^[A-Z][a-z]+day, (?<day>\d\d)-(?<month>[A-Z][a-z]{2})-(?<year>\d\d) (?<clock>\d\d:\d\d:\d\d) GMT$/,
  /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<clock>\d\d:\d\d:\d\d) (?<year>\d{4})$/,
];

/** Parses a date of HTTP. Returns seconds since 1970; undefined for any other text. */
export function parseHttpDate(text: string): number | undefined {
  const parts = forms.map((form) => form.exec(text.trim())?.groups).find((groups) => groups !== undefined);
  if (parts === undefined) return undefined;
  const { day = "", month = "", year = "", clock = "" } = parts;
  const ms = Date.parse(`${fullYear(year)}-${numberOf(month)}-${day.trim().padStart(2, "0")}T${clock}Z`);
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

/** Years of two digits up to 69 belong to this century, as in the module's server. */
function fullYear(year: string): string {
  if (year.length === 4) return year;
  return `${Number(year) < 70 ? "20" : "19"}${year}`;
}

function numberOf(month: string): string {
  return String(months.indexOf(month) + 1).padStart(2, "0");
}

import { errorsPage } from "./errors-page.js";
import { httpApiPage } from "./http-api-page.js";
import { limitsPage } from "./limits-page.js";
import { metricsPage } from "./metrics-page.js";
import { settingsPage } from "./settings-page.js";

/** Each page of docs/reference, by its file name. */
export const pages: Readonly<Record<string, () => string>> = {
  "settings.md": settingsPage,
  "limits.md": limitsPage,
  "errors.md": errorsPage,
  "metrics.md": metricsPage,
  "http-api.md": httpApiPage,
};

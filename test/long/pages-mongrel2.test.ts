// The ordinary tests look at the views of the page as Pharos's own server serves them.
process.env["PAGE_FRONT"] = "Mongrel2";
await import("../e2e/page-filters.test.js");
await import("../e2e/page-history.test.js");
await import("../e2e/page-start.test.js");
await import("../e2e/page-views.test.js");

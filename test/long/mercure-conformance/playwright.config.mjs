const { HUB: baseURL, CHROMIUM: executablePath } = process.env;

export default {
  testDir: ".",
  workers: 1,
  timeout: 60_000,
  reporter: [["json", { outputFile: "report.json" }]],
  use: { baseURL, launchOptions: { executablePath, args: ["--no-sandbox", "--disable-gpu"] } },
};

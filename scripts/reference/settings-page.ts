import { fileVariableName, variableName } from "../../src/config/declare/setting.js";
import { settingGroups, settings, type NamedSetting } from "../../src/config/settings.js";
import { tokenIssuerParts } from "../../src/config/values/token-issuer.js";
import { commandsTable } from "./commands-table.js";
import { code, generated, page, table } from "./markdown.js";

const intro = `# Settings

${generated}

All options of the command line, with their defaults. Limits have [a page of their own](limits.md).

You can set a setting of \`pharos serve\` in four places. The hub uses the first place that has a value:

1. the option: \`--log-level debug\`
2. the environment: \`PHAROS_\` and the option's name, \`PHAROS_LOG_LEVEL=debug\`; separate the values of a list with spaces
3. the JSON file that \`--config FILE\` names; [config.schema.json](../../config.schema.json) describes it
4. the default

\`\`\`sh
./scripts/pharos serve --http 127.0.0.1:9000 --log-level debug
\`\`\`

[\`pharos config\`](../operating/configuration.md#print-the-settings) prints the value and the source of each setting. [\`pharos check-config\`](../operating/configuration.md#check-the-settings) checks them, and starts nothing.

\`serve\` prints one line to standard output when it is ready, \`ready http=… ingest=… mongrel2=…:waiting\`. The log goes to standard error.

SIGINT, SIGTERM and the control message \`shutdown\` [stop the hub in order](../operating/stopping.md).

SIGHUP loads the configuration again, from the same four places, unless the hub runs on a terminal. The running hub applies the settings that
say "Changes with SIGHUP"; the others need a restart. See [Reload](../operating/reload.md).

Exit codes: 0 after a stop in order, 1 after a failure, 2 for invalid options or settings.`;

const secretsText = `**Secrets** have no option, because all users of a machine can read command lines. Set secrets in the environment or in the file.
Or name a file with the secret in the variable that ends in \`_FILE\`: [secrets in files](../operating/configuration.md#secrets-in-files).
\`openssl rand -hex 32\` makes a good secret.`;

const fileText = `## Only in the file

The file can contain:

- all settings above, under the names in the [schema](../../config.schema.json)
- \`limits\`: see [limits](limits.md)
- \`tokens\`: a list of more issuers whose tokens the hub accepts. Changes with SIGHUP.

Each issuer needs at least one of \`secret\`, \`key\` and \`jwks\`.`;

/** The page docs/reference/settings.md. */
export function settingsPage(): string {
  const file = [
    code("--config FILE"),
    code(variableName("config")),
    "none",
    "JSON file with settings, limits and secrets.",
  ];
  return page([
    intro,
    secretsText,
    "## `pharos serve`",
    ...settingGroups.map(({ title, settings: group }) => `### ${title}\n\n${table(heads, group.map(rowOf))}`),
    `### File\n\n${table(heads, [file])}`,
    `## Notes`,
    ...settings
      .filter(({ notes }) => notes !== undefined)
      .map((setting) => `### ${code(nameOf(setting))}\n\n${setting.notes}`),
    fileText,
    table(
      ["key of an issuer", "meaning"],
      Object.entries(tokenIssuerParts).map(([key, part]) => [code(key), part.description ?? ""]),
    ),
    `## Other commands\n\n${commandsTable()}`,
  ]);
}

const heads = ["option", "environment", "default", "meaning"];

function rowOf(setting: NamedSetting): readonly string[] {
  const { option, argument, secret, notes, help, form, reload } = setting;
  const link = notes === undefined ? [] : [`[Notes](#${nameOf(setting).toLowerCase()})`];
  const words = [
    ...(secret === true ? ["**Secret.**"] : []),
    help,
    ...(form === "list" ? ["Repeatable."] : []),
    ...(reload === true ? ["Changes with SIGHUP."] : []),
    ...link,
  ];
  const given = secret === true ? "none" : code(`--${option} ${argument.replaceAll(/[<>]/g, "")}`);
  const variables = [variableName(option), ...(secret === true ? [fileVariableName(option)] : [])];
  return [given, variables.map(code).join(" or "), defaultOf(setting), words.join(" ")];
}

function defaultOf({ byDefault, otherwise, bare }: NamedSetting): string {
  const known = byDefault === undefined ? (otherwise ?? "none") : code(byDefault);
  return bare === undefined ? known : `${known}; ${code(bare)} without a value`;
}

function nameOf({ option, secret }: NamedSetting): string {
  return secret === true ? variableName(option) : `--${option}`;
}

import {
  allCommands,
  type CompletedCommand,
  type CompletedOption,
  type CompletedValue,
} from "./completed-command.js";

/** Writes a completion script for zsh: a file `_NAME` of `fpath`, or a text for `source` after `compinit`. */
export function zshCompletion(root: CompletedCommand): string {
  const functions = allCommands(root).map((command) => functionOf(command, root.name));
  return `#compdef ${root.name}
# Completion of ${root.name} for zsh. To install it, see: ${root.name} completion --help
${functions.join("\n")}
if [[ $funcstack[1] == _${root.name} ]]; then _${root.name} "$@"; else compdef _${root.name} ${root.name}; fi
`;
}

function functionOf(command: CompletedCommand, program: string): string {
  const { options, commands, argument } = command;
  const rest =
    commands.length > 0
      ? ["'1: :->command'", "'*:: :->rest'"]
      : argument === undefined
        ? []
        : [quoted(`*:${escaped(argument.name)}:${actionOf(argument)}`)];
  const lines = [...options.flatMap(specsOf), ...rest].map((spec) => ` \\\n    ${spec}`).join("");
  const name = nameOf(command, program);
  if (commands.length === 0) return `${name}() {\n  _arguments${lines}\n}`;
  const described = commands.map((each) => quoted(`${each.name}:${each.description.replaceAll(":", "\\:")}`));
  const cases = commands.map((each) => `    ${each.name}) ${nameOf(each, program)} ;;`);
  return `${name}() {
  local curcontext=$curcontext state line
  local -a commands=(
    ${described.join("\n    ")}
  )
  typeset -A opt_args
  _arguments -C${lines}
  case $state in
  command) _describe -t commands command commands ;;
  rest)
    case $words[1] in
${cases.join("\n")}
    esac
    ;;
  esac
}`;
}

function nameOf({ path }: CompletedCommand, program: string): string {
  return ["", program, ...path.split(" ").filter((word) => word !== "")].join("_");
}

/** A specification for each flag of an option. One flag excludes the others, unless the option is repeatable. */
function specsOf({ flags, description, value, isRepeatable }: CompletedOption): readonly string[] {
  const begin = isRepeatable ? "*" : flags.length > 1 ? `(${flags.join(" ")})` : "";
  const text = `[${description.replaceAll(/[[\]\\]/g, String.raw`\$&`)}]`;
  const end =
    value === undefined ? "" : `${value.isRequired ? ":" : "::"}${escaped(value.name)}:${actionOf(value)}`;
  return flags.map((flag) =>
    quoted(
      `${begin}${flag}${value !== undefined && flag.startsWith("--") ? (value.isRequired ? "=" : "=-") : ""}${text}${end}`,
    ),
  );
}

function actionOf({ words, paths }: CompletedValue): string {
  if (paths !== "none") return paths === "files" ? "_files" : "_files -/";
  return words.length === 0 ? " " : `(${words.join(" ")})`;
}

function escaped(text: string): string {
  return text.replaceAll(/[:\\]/g, String.raw`\$&`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

import {
  allCommands,
  type CompletedCommand,
  type CompletedOption,
  type CompletedValue,
} from "./completed-command.js";

/**
 * Writes a completion script for bash, version 3.2 or later. The script needs no other file, and does not run the
 * program.
 */
export function bashCompletion(root: CompletedCommand): string {
  const commands = allCommands(root);
  return `# Completion of ${root.name} for bash. To install it, see: ${root.name} completion --help
_${root.name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  local command= word= words= paths= i isValue=
  # Bash splits --option=value into three words.
  if [[ $current == = ]]; then current=; elif [[ $before == = ]]; then before=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == = ]]; then isValue=yes; continue; fi
    if [[ -n $isValue ]]; then isValue=; continue; fi
    case "$command $word" in
${clause(commands.flatMap(valueFlags), "isValue=yes")}
${commands.flatMap(({ path, commands: inner }) => inner.map((each) => clause([`${path} ${each.name}`], `command='${each.path}'`))).join("\n")}
    esac
  done
  if [[ $current == -* ]]; then
    case "$command" in
${commands.map(({ path, options }) => clause([path], `words='${options.flatMap(({ flags }) => flags).join("\n")}'`)).join("\n")}
    esac
  else
    case "$command $before" in
${commands.flatMap(valueClauses).join("\n")}
    *)
      case "$command" in
${commands.map(wordsClause).join("\n")}
      esac
      ;;
    esac
  fi
  COMPREPLY=()
  [[ -z $paths ]] || compopt -o filenames 2>/dev/null
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(
    IFS=$'\\n'
    [[ -z $words ]] || compgen -W "$words" -- "$current"
    [[ $paths != files ]] || compgen -f -- "$current"
    [[ $paths != folders ]] || compgen -d -- "$current"
  )
}
complete -F _${root.name} ${root.name}
`;
}

/** The flags whose next word is a value, each behind the words of its command. */
function valueFlags({ path, options }: CompletedCommand): readonly string[] {
  return options
    .filter(({ value }) => value?.isRequired === true)
    .flatMap(({ flags }) => flags.map((flag) => `${path} ${flag}`));
}

function valueClauses({ path, options }: CompletedCommand): readonly string[] {
  return options.flatMap(({ flags, value }: CompletedOption) =>
    value === undefined
      ? []
      : [
          clause(
            flags.map((flag) => `${path} ${flag}`),
            settingOf(value),
          ),
        ],
  );
}

/** The words after a command that are no options. */
function wordsClause({ path, commands, argument }: CompletedCommand): string {
  const words = [...commands.map(({ name }) => name), ...(argument?.words ?? [])];
  return clause([path], settingOf({ words, paths: argument?.paths ?? "none" }));
}

function settingOf({ words, paths }: Pick<CompletedValue, "words" | "paths">): string {
  return `words='${words.join("\n")}' paths=${paths === "none" ? "" : paths}`;
}

function clause(patterns: readonly string[], action: string): string {
  return `    ${patterns.map((pattern) => `"${pattern}"`).join("|")}) ${action} ;;`;
}

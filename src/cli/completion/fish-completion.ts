import {
  allCommands,
  type CompletedCommand,
  type CompletedOption,
  type CompletedValue,
} from "./completed-command.js";

/** Writes a completion script for fish. */
export function fishCompletion(root: CompletedCommand): string {
  const commands = allCommands(root);
  const valued = commands.flatMap(({ path, options }) =>
    options
      .filter(({ value }) => value?.isRequired === true)
      .flatMap(({ flags }) => flags.map((flag) => quoted(`${path} ${flag}`))),
  );
  const inner = commands.flatMap(({ path, commands: below }) =>
    below.map(
      (each) =>
        `            case ${quoted(`${path} ${each.name}`)}\n                set command ${quoted(each.path)}`,
    ),
  );
  return `# Completion of ${root.name} for fish. To install it, see: ${root.name} completion --help
# True if the words before the cursor are those of this command.
function __${root.name}_is
    set -l command ''
    set -l is_value no
    for word in (commandline -opc)[2..]
        if test $is_value = yes
            set is_value no
            continue
        end
        switch "$command $word"
            case ${valued.join(" ")}
                set is_value yes
${inner.join("\n")}
        end
    end
    test "$command" = "$argv[1]"
end
complete -c ${root.name} -f
${commands.flatMap((command) => linesOf(command, root.name)).join("\n")}
`;
}

function linesOf(command: CompletedCommand, program: string): readonly string[] {
  const begin = `complete -c ${program} -n ${quoted(`__${program}_is ${quoted(command.path)}`)}`;
  const { commands, argument, options } = command;
  return [
    ...commands.map((each) => `${begin} -a ${each.name} -d ${quoted(each.description)}`),
    ...(argument === undefined ? [] : [`${begin}${placesOf(argument)}`]),
    ...options.map((option) => `${begin}${optionOf(option)}`),
  ];
}

function optionOf({ flags, description, value }: CompletedOption): string {
  const names = flags.map((flag) =>
    flag.startsWith("--") ? ` -l ${flag.slice(2)}` : ` -s ${flag.slice(1)}`,
  );
  const required = value?.isRequired === true ? " -r" : "";
  return `${names.join("")} -d ${quoted(description)}${required}${value === undefined ? "" : placesOf(value)}`;
}

/** Without paths, fish completes the words only. */
function placesOf({ words, paths }: CompletedValue): string {
  const given = paths === "folders" ? [...words, "(__fish_complete_directories)"] : words;
  return `${paths === "files" ? " -F" : " -f"}${given.length === 0 ? "" : ` -a ${quoted(given.join(" "))}`}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}

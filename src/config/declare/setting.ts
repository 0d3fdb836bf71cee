import { z } from "zod";

/** The option of a setting, and the texts about the setting in `--help` and the reference. */
export interface SettingTexts {
  /** The option, without the dashes. {@link variableName} derives the environment variable from the option. */
  readonly option: string;
  /** The option's value in `--help`; in brackets if the value is optional. */
  readonly argument: string;
  /** The value of the option without an argument; only if the argument is optional. */
  readonly bare?: string;
  /** A secret has no option, because others can read command lines. Only the variable and the file can set a secret. */
  readonly secret?: true;
  /** The effect of the setting, in one or two sentences. */
  readonly help: string;
  /** A description of the default; only if the default is not a fixed value. */
  readonly otherwise?: string;
  /** Reasons and conditions for the reference page, in Markdown. */
  readonly notes?: string;
  /** True if a reload changes the setting in a running hub. @default a change needs a restart */
  readonly reload?: true;
}

/** The form of a setting in the file. The loader converts the text of an option or a variable to this form. */
export type SettingForm = "text" | "number" | "list";

/** A setting with its schema. The schema contains the default. */
export interface Setting<Schema extends z.ZodType = z.ZodType> extends SettingTexts {
  readonly schema: Schema;
  readonly form: SettingForm;
  /** The default in the form of an option's value. */
  readonly byDefault?: string;
  /** The default in the file's form; undefined if there is no fixed default. */
  readonly fileDefault?: unknown;
}

interface Declared<Value extends z.ZodType> extends SettingTexts {
  /** Parses and checks a value in the file's form. The message of an issue says what is allowed. */
  readonly value: Value;
  /** The form in the file. @default derived from `value` */
  readonly form?: SettingForm;
}

interface DeclaredWithDefault<Value extends z.ZodType> extends Declared<Value> {
  /** The default in the file's form. */
  readonly default: z.input<Value>;
}

/**
 * Declares a setting. The schema, the type of the configuration, the option, the variable, `--help` and the reference
 * all derive from the declaration. A setting without a default is undefined unless a source sets a value.
 */
export function setting<Value extends z.ZodType>(
  declared: DeclaredWithDefault<Value>,
): Setting<z.ZodPrefault<Value>>;
export function setting<Value extends z.ZodType>(declared: Declared<Value>): Setting<z.ZodOptional<Value>>;
export function setting(declared: Declared<z.ZodType> & { readonly default?: unknown }): Setting {
  const { value, default: byDefault, form = formOf(value), ...texts } = declared;
  const schema = byDefault === undefined ? value.optional() : value.prefault(byDefault);
  const text = textOfDefault(byDefault);
  return {
    ...texts,
    schema: schema.describe(describe(texts)),
    form,
    ...(text === "" ? {} : { byDefault: text }),
    fileDefault: byDefault,
  };
}

/** The environment variable of an option: `PHAROS_` and the option's name in upper case. */
export function variableName(option: string): string {
  return `PHAROS_${option.toUpperCase().replaceAll("-", "_")}`;
}

/** The variable that names a file with the value of a secret, for instance `PHAROS_TOKEN_SECRET_FILE`. */
export function fileVariableName(option: string): string {
  return `${variableName(option)}_FILE`;
}

/** Any number of values, each parsed by `item`. */
export function listOf<Item extends z.ZodType>(item: Item): z.ZodArray<Item> {
  return z.array(item, { error: "a list" });
}

/** Text that is not empty. */
export function textOf(allowed: string): z.ZodString {
  return z.string({ error: allowed }).min(1, allowed);
}

/** The schema of each setting. */
export function schemasOf<Settings extends Readonly<Record<string, Setting>>>(
  settings: Settings,
): { [Key in keyof Settings]: Settings[Key]["schema"] } {
  const schemas = Object.entries(settings).map(([key, { schema }]) => [key, schema]);
  return Object.fromEntries(schemas);
}

/** Returns numbers and words unchanged, and joins the items of a list with spaces. */
function textOfDefault(value: unknown): string {
  if (Array.isArray(value)) return value.join(" ");
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function describe({ help, otherwise }: SettingTexts): string {
  return otherwise === undefined ? help : `${help} Default: ${otherwise}.`;
}

function formOf(value: z.ZodType): SettingForm {
  if (value instanceof z.ZodArray) return "list";
  return value instanceof z.ZodNumber ? "number" : "text";
}

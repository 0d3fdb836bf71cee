import { z } from "zod";

/** The texts about a setting in help and reference, and its option and variable. */
export interface SettingTexts {
  /** Its option, without the dashes. The environment variable follows from it, see {@link variableName}. */
  readonly option: string;
  /** The option's value in `--help`; in brackets if it may be left out. */
  readonly argument: string;
  /** The meaning of the option without its value; only if the value may be left out. */
  readonly bare?: string;
  /** A secret has no option, since others can read command lines; only its variable and the file give it. */
  readonly secret?: true;
  /** The effect of the setting, in one sentence. */
  readonly help: string;
  /** A description of the default; only if the default is not a fixed value. */
  readonly otherwise?: string;
  /** More for the reference page, in Markdown: reasons and conditions. */
  readonly notes?: string;
}

/** Converts the text of an option or a variable to a value of the file's form. */
export type SettingForm = "text" | "number" | "list";

/** A setting with its parser, which has the default. */
export interface Setting<Schema extends z.ZodType = z.ZodType> extends SettingTexts {
  readonly schema: Schema;
  readonly form: SettingForm;
  /** The default as an option would give it. */
  readonly byDefault?: string;
}

interface Declared<Value extends z.ZodType> extends SettingTexts {
  /** Parses and checks the file's form; the text of an issue says what is allowed. */
  readonly value: Value;
}

interface DeclaredWithDefault<Value extends z.ZodType> extends Declared<Value> {
  /** In the file's form. */
  readonly default: z.input<Value>;
}

/**
 * Declares a setting. The schema, the type of the configuration, the option, the variable, `--help` and the reference
 * follow from it. Without a default, the value is undefined if it is not set.
 */
export function setting<Value extends z.ZodType>(
  declared: DeclaredWithDefault<Value>,
): Setting<z.ZodPrefault<Value>>;
export function setting<Value extends z.ZodType>(declared: Declared<Value>): Setting<z.ZodOptional<Value>>;
export function setting(declared: Declared<z.ZodType> & { readonly default?: unknown }): Setting {
  const { value, default: byDefault, ...texts } = declared;
  const schema = byDefault === undefined ? value.optional() : value.prefault(byDefault);
  const text = textOfDefault(byDefault);
  return {
    ...texts,
    schema: schema.describe(describe(texts)),
    form: formOf(value),
    ...(text === "" ? {} : { byDefault: text }),
  };
}

/** The environment variable of an option: `PHAROS_` and its name in upper case. */
export function variableName(option: string): string {
  return `PHAROS_${option.toUpperCase().replaceAll("-", "_")}`;
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

/** Numbers and words as they are; the items of a list with spaces between them. */
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

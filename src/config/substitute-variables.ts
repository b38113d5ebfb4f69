/** `${NAME}` in the values of the configuration becomes the environment variable of that name; `$${` stays `${`. */

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Substituted {
  readonly text: string;
  /** Variables that the environment does not have. */
  readonly missing: readonly string[];
  /** A `${` that no name and brace follow. */
  readonly malformed: boolean;
}

const VARIABLE = /\$(\$?)\{([A-Za-z_][A-Za-z0-9_]*)?(\})?/g;

export function substituteVariables(text: string, environment: Environment): Substituted {
  const missing: string[] = [];
  let malformed = false;
  const result = text.replace(
    VARIABLE,
    (whole, escaped: string, name: string | undefined, closed: string | undefined) => {
      if (escaped !== '') return whole.slice(1);
      if (name === undefined || closed === undefined) {
        malformed = true;
        return whole;
      }
      const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
      if (value !== undefined) return value;
      missing.push(name);
      return whole;
    },
  );
  return { text: result, missing, malformed };
}

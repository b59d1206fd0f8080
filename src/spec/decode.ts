import { type Ip, type Prefix, parseIp, parsePrefix } from "../base/ip.ts";
import { type Mac, parseMac } from "../base/mac.ts";
import { CniError, DECODING_FAILURE, INVALID_CONFIG } from "./errors.ts";
import { brief } from "./quote.ts";

/**
 * What JSON should hold. These are closures and not a library's schemas, because every container that starts pays for
 * them: building and running those of one ADD takes 0.3 ms in this engine, with valibot 0.8 ms. They are constants of their
 * modules: so they are made when the executable is built (runtime/src/snapshot.rs).
 */
export interface Schema<T> {
  /** Checks and converts; throws Mismatch. */
  read(value: unknown): T;
  /** In a goObject: null is a value of its own and not an absent member. */
  readonly keepsNull?: boolean;
  /** In a goObject: an empty text is an absent member. */
  readonly blankIsAbsent?: boolean;
  /** Of a goObject: the schemas of its members, by name. */
  readonly entries?: Entries;
  /** Of an array: the schema of its items. */
  readonly item?: Schema<unknown>;
}

type Entries = Readonly<Record<string, Schema<unknown>>>;

/** What a schema gives. */
export type Decoded<S> = S extends Schema<infer T> ? T : never;

/**
 * Checks `value`, which is called `where` in messages ("" for the configuration itself: the path alone is clear then).
 * @throws CniError 6 for a value of the wrong JSON type, 7 for one of the right type that means nothing
 */
export function decode<T>(schema: Schema<T>, value: unknown, where = ""): T {
  try {
    return schema.read(value);
  } catch (error) {
    throw error instanceof Mismatch ? failure(error, where) : error;
  }
}

export const string = typed("a string", (value) => typeof value === "string");
export const boolean = typed("true or false", (value) => typeof value === "boolean");
export const int = typed("an integer", (value): value is number => Number.isSafeInteger(value));

/** The same as items of an array or map, where null is the zero value of Go's decoder. */
export const itemString = typed("a string", (value) => typeof value === "string", "");
export const itemBoolean = typed("true or false", (value) => typeof value === "boolean", false);

/** A JSON object of any members. */
export const anyObject = typed("an object", isObject);

export function array<T>(item: Schema<T>): Schema<T[]> {
  return {
    item,
    read(value) {
      if (!Array.isArray(value)) throw new Mismatch(value, "an array");
      const items: T[] = [];
      try {
        for (const one of value) items.push(item.read(one));
      } catch (error) {
        throw within(items.length, error);
      }
      return items;
    },
  };
}

/** A JSON object whose members, of any name, are all of one kind. */
export function mapOf<T>(item: Schema<T>): Schema<Record<string, T>> {
  return {
    read(value) {
      const members = Object.entries(anyObject.read(value));
      // fromEntries defines members of their own, also for the name "__proto__".
      return Object.fromEntries(members.map(([name, one]) => [name, member(name, item, one)]));
    },
  };
}

/** `schema` or `null`: in a goObject, a null kept apart from an absent member. */
export function nullable<T>(schema: Schema<T>): Schema<T | null> {
  return { ...schema, read: (value) => (value === null ? null : schema.read(value)), keepsNull: true };
}

/** An address as text; in a goObject an empty text is an absent address. */
export const ip: Schema<Ip> = {
  ...text(parseIp, "an IP address", "10.1.2.3 or 2001:db8::1"),
  blankIsAbsent: true,
};

/** A prefix as text, host bits kept. */
export const prefix: Schema<Prefix> = text(parsePrefix, "a CIDR", "address/length, 10.1.2.0/24 or 2001:db8::/64");

/** A link-layer address as text; in a goObject an empty text is an absent address. */
export const mac: Schema<Mac> = { ...text(parseMac, "a MAC address", "02:00:00:00:00:01"), blankIsAbsent: true };

/** A text that `parse` must understand; `name` ("a CIDR") and `example` go into the message. */
export function text<T>(parse: (text: string) => T | undefined, name: string, example: string): Schema<T> {
  return {
    read(value) {
      const parsed = parse(string.read(value));
      if (parsed === undefined) throw new Mismatch(value, name, example);
      return parsed;
    },
  };
}

/** What goObject gives: every member may be absent. */
export type Members<E extends Entries> = { readonly [K in keyof E]?: Decoded<E[K]> };

/**
 * An object as Go's encoding/json decodes it into a struct: names match whatever their case and the later one of
 * two wins, unknown names are ignored, null leaves a member absent.
 */
export function goObject<E extends Entries>(entries: E): Schema<Members<E>> {
  const names = Object.keys(entries);
  const lower = names.map((name) => name.toLowerCase());
  const lengths = names.reduce((bits, { length }) => bits | (1 << length), 0);
  // Most keys are another schema's. (In lower case a key is as long as before, or has a character that no name here has.)
  const inAnyCase = (key: string) =>
    (lengths >> key.length) & 1 ? names[lower.indexOf(key.toLowerCase())] : undefined;
  return {
    entries,
    read(value) {
      const input = anyObject.read(value);
      const members: Record<string, unknown> = {};
      let name: string | undefined;
      try {
        // By index: an iterator costs as much as reading most members.
        const keys = Object.keys(input);
        for (let i = 0; i < keys.length; i++) {
          const key = keys[i] as string;
          name = Object.hasOwn(entries, key) ? key : inAnyCase(key);
          if (name === undefined) continue;
          const entry = entries[name] as Schema<unknown>;
          const member = input[key];
          if (member === null && !entry.keepsNull) continue;
          if (member === "" && entry.blankIsAbsent) continue;
          members[name] = entry.read(member);
        }
      } catch (error) {
        throw within(name ?? "", error);
      }
      return members as Members<E>;
    },
  };
}

/** A value that is not what its schema says; `path` is completed on the way out. */
class Mismatch extends Error {
  readonly path: (string | number)[] = [];
  readonly value: unknown;
  /** What it should be: "a CIDR". */
  readonly what: string;
  /** What such a text looks like; undefined when already the JSON type is wrong. */
  readonly example: string | undefined;

  constructor(value: unknown, what: string, example?: string) {
    super(what);
    this.value = value;
    this.what = what;
    this.example = example;
  }
}

/** With `zero` null is that. */
function typed<T>(what: string, is: (value: unknown) => value is T, zero?: T): Schema<T> {
  return {
    read(value) {
      if (is(value)) return value;
      if (value === null && zero !== undefined) return zero;
      throw new Mismatch(value, what);
    },
  };
}

function member<T>(name: string, schema: Schema<T>, value: unknown): T {
  try {
    return schema.read(value);
  } catch (error) {
    throw within(name, error);
  }
}

/** What was thrown at the member or item `key` of what is being read. */
function within(key: string | number, error: unknown): unknown {
  if (error instanceof Mismatch) error.path.unshift(key);
  return error;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function failure({ path, value, what, example }: Mismatch, where: string): CniError {
  let name = where;
  for (const key of path) {
    if (typeof key === "number") name += `[${key}]`;
    else name += name === "" ? key : `.${key}`;
  }
  return new CniError(
    example === undefined ? DECODING_FAILURE : INVALID_CONFIG,
    `${name === "" ? "" : `${name}: `}${brief(value)} is not ${what}`,
    example === undefined ? `expected ${what}, found ${typeName(value)}` : `expected ${example}`,
  );
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "number") return Number.isInteger(value) ? "a number" : "a fraction";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

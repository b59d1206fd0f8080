/**
 * Decoding into Go's structs as encoding/json does it, with its errors: names match whatever their case and the later of two
 * wins, null leaves a member alone, the first value of a wrong type is the error and the others are decoded all the same.
 * (spec/decode.ts reads plugins' configurations, and says more of what is wrong; here the words are those of libcni.)
 */
import { CniError, DECODING_FAILURE } from "../../spec/errors.ts";
import type { JsonObject } from "./json.ts";

/** A Go type. `T` is what a value of it is here; undefined stands for its zero value. */
export interface GoType<T> {
  /** Go's name of it, in messages. */
  readonly name: string;
  /** Never called with null, unless `takesNull`. */
  read(value: unknown, at: Decoding): T | undefined;
  readonly takesNull?: true;
  /** Of a struct: its members, in their order. */
  readonly fields?: Readonly<Record<string, GoType<unknown>>>;
}

/** What a type's values are. */
export type GoValue<S> = S extends GoType<infer T> ? T : never;

/** Where in the text a decoding is, and the first error that it has met. */
export class Decoding {
  error: Error | undefined;
  /** Name of the innermost struct, and the names of the members that lead here. */
  struct = "";
  path: readonly string[] = [];

  mismatch(value: unknown, type: string): undefined {
    this.error ??= new TypeMismatch(kindOf(value, type), this.struct, this.path, type);
    return undefined;
  }
}

class TypeMismatch extends Error {
  readonly found: string;
  readonly path: readonly string[];
  readonly type: string;

  constructor(found: string, struct: string, path: readonly string[], type: string) {
    const target = struct || path.length > 0 ? `struct field ${struct}.${path.join(".")}` : "value";
    super(`json: cannot unmarshal ${found} into Go ${target} of type ${type}`);
    this.found = found;
    this.path = path;
    this.type = type;
  }
}

/** Ends a decoding at once. */
class Abort extends Error {}

/** The value of a decoded JSON text as a Go type: `value` is what could be decoded, also where there is an `error`. */
export function decodeAs<T>(type: GoType<T>, json: unknown): { value: T | undefined; error?: Error } {
  const at = new Decoding();
  const partial: { value: T | undefined } = { value: undefined };
  try {
    partial.value = readOne(type, json, at);
  } catch (error) {
    if (!(error instanceof Abort)) throw error;
    return { ...partial, error: error.cause as Error };
  }
  return at.error === undefined ? partial : { ...partial, error: at.error };
}

/** As decodeAs. @throws CniError 6 with Go's words, `context` and a colon before them if there is one */
export function mustDecode<T>(type: GoType<T>, json: unknown, context = ""): T | undefined {
  const { value, error } = decodeAs(type, json);
  if (error === undefined) return value;
  throw new CniError(DECODING_FAILURE, context === "" ? error.message : `${context}: ${error.message}`, "", error);
}

function readOne<T>(type: GoType<T>, value: unknown, at: Decoding): T | undefined {
  return value === null && !type.takesNull ? undefined : type.read(value, at);
}

export const text = scalar("string", (value) => typeof value === "string");
export const bool = scalar("bool", (value) => typeof value === "boolean");
export const int = scalar("int", (value): value is number => Number.isSafeInteger(value));
export const uint = scalar("uint", (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0);
export const anyObject = scalar("map[string]interface {}", isObject);

function scalar<T>(name: string, is: (value: unknown) => value is T): GoType<T> {
  return { name, read: (value, at) => (is(value) ? value : at.mismatch(value, name)) };
}

/** A slice. A null in it stays one where it is of pointers (`name` says so), and else becomes what undefined becomes. */
export function list<T>(item: GoType<T>, name: string): GoType<(T | undefined)[]> {
  return {
    name,
    read(value, at) {
      if (!Array.isArray(value)) return at.mismatch(value, name);
      return value.map((one) => readOne(item, one, at));
    },
  };
}

/** A map from texts. */
export function mapOf<T>(item: GoType<T>, name: string): GoType<Record<string, T | undefined>> {
  return {
    name,
    read(value, at) {
      if (!isObject(value)) return at.mismatch(value, name);
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, readOne(item, one, at)]));
    },
  };
}

type Fields = Readonly<Record<string, GoType<unknown>>>;
type Struct<F extends Fields> = { [K in keyof F]?: GoValue<F[K]> };

/** A struct; `name` is the whole one ("types.DNS"), `fields` are its members by their JSON names, in their order. */
export function struct<F extends Fields>(name: string, fields: F): GoType<Struct<F>> {
  const folded = new Map(Object.keys(fields).map((field) => [fold(field), field]));
  const own = name.slice(name.lastIndexOf(".") + 1);
  return {
    name,
    fields,
    read(value, at) {
      if (!isObject(value)) return at.mismatch(value, name);
      const members: Record<string, unknown> = {};
      const { struct: outer, path } = at;
      for (const [key, member] of Object.entries(value)) {
        const field = Object.hasOwn(fields, key) ? key : folded.get(fold(key));
        if (field === undefined) continue;
        at.struct = own;
        at.path = [...path, field];
        const read = readOne(fields[field] as GoType<unknown>, member, at);
        if (read !== undefined) members[field] = read;
        at.struct = outer;
        at.path = path;
      }
      return members as Struct<F>;
    },
  };
}

/** A type that decodes itself (json.Unmarshaler): its errors end the decoding, and say only who holds it. */
export function selfDecoding<T>(inner: GoType<T>, convert?: (value: T | undefined) => T): GoType<T> {
  return {
    name: inner.name,
    takesNull: true,
    ...(inner.fields && { fields: inner.fields }),
    read(value, at) {
      const { value: decoded, error } = decodeAs(inner, value);
      if (error !== undefined) throw abort(error, at);
      try {
        return convert === undefined ? decoded : convert(decoded);
      } catch (failure) {
        throw abort(failure as Error, at);
      }
    },
  };
}

/** A text that decodes itself (encoding.TextUnmarshaler). "" and null are its zero value; `parse` throws Go's words. */
export function selfReading<T>(name: string, parse: (text: string) => T): GoType<T> {
  return {
    name,
    read(value, at) {
      if (typeof value !== "string") return at.mismatch(value, name);
      if (value === "") return undefined;
      try {
        return parse(value);
      } catch (failure) {
        throw abort(failure as Error, at);
      }
    },
  };
}

function abort(error: Error, at: Decoding): Abort {
  const where = error instanceof TypeMismatch && at.struct !== "";
  const cause = where ? new TypeMismatch(error.found, at.struct, [...at.path, ...error.path], error.type) : error;
  return new Abort("", { cause });
}

function kindOf(value: unknown, type: string): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "number" && /^u?int$/.test(type)) return `number ${value}`;
  return typeof value === "boolean" ? "bool" : typeof value;
}

/** Letters that are the same but for their case are one; so are the long s and the sign for kelvin. */
function fold(name: string): string {
  return name.toLowerCase().replaceAll("\u017f", "s");
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON as Go's encoding/json reads and writes it: what libcni sends to plugins and caches is that, byte for byte. */
import { isOutOfStack } from "../../base/exhausted.ts";
import { JsonError, syntaxError } from "./flaw.ts";

export type JsonObject = { readonly [key: string]: unknown };

/** Only a text with one of these can hold what Go reads otherwise: half a surrogate pair, a number beyond 64-bit floats. */
const PECULIAR = /\\u[dD][89a-fA-F]|\d[eE]|\d{300}/;

/** The value of a text. @throws JsonError in Go's words */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
    return PECULIAR.test(text) ? asGo(value, text) : value;
  } catch (error) {
    if (error instanceof JsonError) throw error;
    if (isOutOfStack(error)) throw new JsonError("exceeded max depth", 0);
    throw syntaxError(text);
  }
}

function asGo(value: unknown, text: string): unknown {
  if (typeof value === "string") return wellFormed(value);
  if (typeof value === "number" && !Number.isFinite(value)) throw tooLarge(text);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => asGo(item, text));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [wellFormed(key), asGo(member, text)]));
}

/** With U+FFFD for each half of a surrogate pair that is alone. */
const wellFormed = (text: string): string => text.toWellFormed();

function tooLarge(text: string): JsonError {
  const outside = text.replace(/"(?:\\.|[^"\\])*"/g, (quoted) => " ".repeat(quoted.length));
  for (const { 0: number, index } of outside.matchAll(/-?\d[\d.eE+-]*/g)) {
    if (Number.isFinite(Number(number))) continue;
    return new JsonError(`json: cannot unmarshal number ${number} into Go value of type float64`, index);
  }
  return new JsonError("json: cannot unmarshal number into Go value of type float64", 0);
}

/** A value whose members are written in another way than those around it. */
class Arranged {
  readonly value: unknown;
  readonly sorted: boolean;

  constructor(value: unknown, sorted: boolean) {
    this.value = value;
    this.sorted = sorted;
  }
}

/** To be encoded as Go encodes a struct: in the order in which the members are. */
export function inOwnOrder(value: unknown): object {
  return new Arranged(value, false);
}

/** To be encoded as Go encodes a map, inside of what is in its own order. */
export function sorted(value: unknown): object {
  return new Arranged(value, true);
}

/** The text of a value, members sorted by their names' bytes, as Go encodes a map; those that are undefined are left out. */
export function encodeJson(value: unknown): string {
  return encode(value, true);
}

/** The value as it is after its text was read again: only what JSON has, members sorted. @throws JsonError */
export function throughJson(value: unknown): unknown {
  return parseJson(encodeJson(value));
}

function encode(value: unknown, sort: boolean): string {
  if (typeof value === "string") return encodeText(value);
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : JSON.stringify(value);
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "object" || value === null) return "null";
  if (value instanceof Arranged) return encode(value.value, value.sorted);
  if (Array.isArray(value)) return `[${value.map((item) => encode(item, sort)).join()}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (sort) members.sort(([a], [b]) => compareBytes(a, b));
  return `{${members.map(([key, member]) => `${encodeText(key)}:${encode(member, sort)}`).join()}}`;
}

const encodeText = (text: string): string => escaped(JSON.stringify(text));

/** JSON with what HTML or JavaScript would take otherwise as Go writes it: `\u003c`. */
export function escaped(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** As for sort(): by the bytes of UTF-8. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Surrogates stand for what comes after all other units. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** What Go's `%T` calls a value that was decoded without a type. */
export function typeOfJson(value: unknown): string {
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "object") return "map[string]interface {}";
  return { number: "float64", boolean: "bool" }[typeof value as string] ?? "string";
}

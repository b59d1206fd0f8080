import { decodeUtf8, encodeUtf8 } from "../../base/utf8.ts";

/** Messages of D-Bus (its specification, "Message Protocol"), as far as calls with texts and their answers need them. Pure. */

/** A call of a method whose arguments are texts. */
export interface MethodCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly args: readonly string[];
}

/** An answer, or a signal. */
export interface Incoming {
  readonly type: number;
  /** The serial of the call that it answers. */
  readonly replyTo: number | undefined;
  /** Of an error: org.freedesktop.DBus.Error.NameHasNoOwner. */
  readonly errorName: string | undefined;
  /** Of its values: "ss" for two texts. */
  readonly signature: string;
  /** Its first value, if that is a text or a truth value. */
  readonly value: string | boolean | undefined;
  /** Bytes that it took. */
  readonly size: number;
}

const LITTLE = 0x6c;
const CALL = 1;
export const REPLY = 2;
export const ERROR = 3;
const VERSION = 1;

/** Header fields, and the signatures of their values. */
const PATH = [1, "o"] as const;
const INTERFACE = [2, "s"] as const;
const MEMBER = [3, "s"] as const;
const ERROR_NAME = 4;
const REPLY_SERIAL = 5;
const DESTINATION = [6, "s"] as const;
const SIGNATURE = 8;

/** The bytes of a call; `serial` is 1 or more. */
export function encodeCall(call: MethodCall, serial: number): Uint8Array {
  const body: number[] = [];
  for (const text of call.args) putString(body, text);
  const fields: number[] = [];
  const put = ([code, signature]: readonly [number, string], text: string) => {
    align(fields, 8);
    fields.push(code, 1, ...encodeUtf8(signature), 0);
    putString(fields, text);
  };
  put(PATH, call.path);
  put(DESTINATION, call.destination);
  put(INTERFACE, call.interface);
  put(MEMBER, call.member);
  if (call.args.length > 0) {
    align(fields, 8);
    fields.push(SIGNATURE, 1, ...encodeUtf8("g"), 0, call.args.length, ...call.args.map(() => 0x73), 0);
  }
  const head = [LITTLE, CALL, 0, VERSION];
  putU32(head, body.length);
  putU32(head, serial);
  putU32(head, fields.length);
  head.push(...fields);
  align(head, 8);
  return Uint8Array.from([...head, ...body]);
}

function putU32(bytes: number[], value: number): void {
  bytes.push(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);
}

function putString(bytes: number[], text: string): void {
  align(bytes, 4);
  const utf8 = encodeUtf8(text);
  putU32(bytes, utf8.length);
  bytes.push(...utf8, 0);
}

function align(bytes: number[], boundary: number): void {
  while (bytes.length % boundary) bytes.push(0);
}

const FIXED = 16;

/** The message that the bytes begin with; undefined when it has not come whole. @throws RangeError for what is none */
export function decodeMessage(bytes: Uint8Array): Incoming | undefined {
  if (bytes.length < FIXED) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = bytes[0] === LITTLE;
  const fieldsEnd = FIXED + view.getUint32(12, little);
  const bodyStart = roundUp(fieldsEnd, 8);
  const size = bodyStart + view.getUint32(4, little);
  if (bytes.length < size) return undefined;
  const fields = decodeFields(new Values(view, FIXED, little), fieldsEnd);
  const value = new Values(view, bodyStart, little).of(fields.signature.slice(0, 1));
  return { type: view.getUint8(1), ...fields, value: typeof value === "number" ? undefined : value, size };
}

interface Fields {
  replyTo: number | undefined;
  errorName: string | undefined;
  signature: string;
}

function decodeFields(values: Values, end: number): Fields {
  const fields: Fields = { replyTo: undefined, errorName: undefined, signature: "" };
  for (values.align(8); values.at < end; values.align(8)) {
    const code = values.u8();
    const value = values.of(values.signature());
    if (code === REPLY_SERIAL && typeof value === "number") fields.replyTo = value;
    if (code === ERROR_NAME && typeof value === "string") fields.errorName = value;
    if (code === SIGNATURE && typeof value === "string") fields.signature = value;
  }
  return fields;
}

function roundUp(at: number, boundary: number): number {
  return Math.ceil(at / boundary) * boundary;
}

/** Values of a message, in turn. */
class Values {
  readonly #view: DataView;
  readonly #little: boolean;
  at: number;

  constructor(view: DataView, at: number, little: boolean) {
    this.#view = view;
    this.#little = little;
    this.at = at;
  }

  align(boundary: number): void {
    this.at = roundUp(this.at, boundary);
  }

  u8(): number {
    return this.#view.getUint8(this.at++);
  }

  u32(): number {
    this.align(4);
    this.at += 4;
    return this.#view.getUint32(this.at - 4, this.#little);
  }

  signature(): string {
    return this.#text(this.u8());
  }

  /** A value of the type; undefined for "" and types that no header field has. */
  of(type: string): string | number | boolean | undefined {
    if (type === "s" || type === "o") return this.#text(this.u32());
    if (type === "g") return this.signature();
    if (type === "u") return this.u32();
    if (type === "b") return this.u32() !== 0;
    return undefined;
  }

  /** With the NUL that ends it. */
  #text(length: number): string {
    const { buffer, byteOffset } = this.#view;
    const bytes = new Uint8Array(buffer, byteOffset + this.at, length);
    this.at += length + 1;
    return decodeUtf8(bytes);
  }
}

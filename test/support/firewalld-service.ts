/**
 * Run by firewalld.ts: stands in for firewalld on a bus, with the zones trusted and public, and writes after each call what
 * their sources are. It is written after D-Bus's specification, and knows nothing of the plugin's own messages.
 *
 * Usage: bun firewalld-service.ts SOCKET FILE
 */
import { writeFileSync } from "node:fs";
import { connect } from "node:net";

const [, , socketPath = "", file = ""] = process.argv;
const zones: Record<string, string[]> = { trusted: [], public: [] };

const pad = (bytes: number[], to: number) => [...bytes, ...Array((to - (bytes.length % to)) % to).fill(0)];
const u32 = (value: number) => [...new Uint8Array(Uint32Array.of(value).buffer)];
const text = (value: string) => [...u32(Buffer.byteLength(value)), ...Buffer.from(value), 0];
/** A header field. */
type Field = [code: number, type: "s" | "o" | "g" | "u", value: string | number];

let serial = 0;

function message(type: number, fields: Field[], signature: string, body: number[]): Uint8Array {
  const all: Field[] = signature ? [...fields, [8, "g", signature]] : fields;
  let head: number[] = [];
  for (const [code, kind, value] of all) {
    head = [...pad(head, 8), code, 1, kind.charCodeAt(0), 0];
    if (kind === "u") head = [...pad(head, 4), ...u32(Number(value))];
    else if (kind === "g") head.push(String(value).length, ...Buffer.from(String(value)), 0);
    else head = [...pad(head, 4), ...text(String(value))];
  }
  const fixed = [0x6c, type, 0, 1, ...u32(body.length), ...u32(++serial), ...u32(head.length)];
  return Uint8Array.from([...pad([...fixed, ...head], 8), ...body]);
}

function daemonCall(member: string, signature: string, body: number[]): Uint8Array {
  const bus = "org.freedesktop.DBus";
  const fields: Field[] = [
    [1, "o", "/org/freedesktop/DBus"],
    [2, "s", bus],
    [3, "s", member],
    [6, "s", bus],
  ];
  return message(1, fields, signature, body);
}

interface Call {
  member: string;
  sender: string;
  serial: number;
  args: string[];
}

function parse(bytes: Buffer): { call: Call | undefined; size: number } | undefined {
  if (bytes.length < 16) return undefined;
  const end = 16 + bytes.readUInt32LE(12);
  const body = Math.ceil(end / 8) * 8;
  const size = body + bytes.readUInt32LE(4);
  if (bytes.length < size) return undefined;
  const call: Call = { member: "", sender: "", serial: bytes.readUInt32LE(8), args: [] };
  for (let at = 16; at < end; at = Math.ceil(at / 8) * 8) {
    const code = bytes[at];
    const kind = String.fromCharCode(bytes[at + 2] ?? 0);
    at += 4;
    if (kind === "g") {
      at += (bytes[at] ?? 0) + 2;
      continue;
    }
    at = Math.ceil(at / 4) * 4 + 4;
    if (kind === "u") continue;
    const length = bytes.readUInt32LE(at - 4);
    const value = bytes.toString("utf8", at, at + length);
    at += length + 1;
    if (code === 3) call.member = value;
    if (code === 7) call.sender = value;
  }
  for (let at = body; at < size; ) {
    at = Math.ceil(at / 4) * 4;
    const length = bytes.readUInt32LE(at);
    call.args.push(bytes.toString("utf8", at + 4, at + 4 + length));
    at += 4 + length + 1;
  }
  return { call: bytes[1] === 1 ? call : undefined, size };
}

/** What firewalld answers: a zone's name, a truth value, or an error's text. */
function answer(member: string, [zone = "", source = ""]: string[]): string | boolean | Error {
  const own = zones[zone];
  const holder = Object.keys(zones).find((name) => zones[name]?.includes(source));
  if (!own) return new Error(`INVALID_ZONE: ${zone}`);
  if (member === "querySource") return holder === zone;
  if (member === "addSource") {
    if (holder === zone) return new Error(`ZONE_ALREADY_SET: '${source}' already bound to '${zone}'`);
    if (holder) return new Error(`ZONE_CONFLICT: '${source}' already bound to '${holder}'`);
    own.push(source);
    return zone;
  }
  if (holder !== zone) return new Error(holder ? `ZONE_CONFLICT: '${source}'` : `UNKNOWN_SOURCE: '${source}'`);
  own.splice(own.indexOf(source), 1);
  return zone;
}

function reply({ member, sender, serial: to, args }: Call): Uint8Array {
  const fields: Field[] = [
    [5, "u", to],
    [6, "s", sender],
  ];
  const value = answer(member, args);
  if (value instanceof Error) {
    return message(3, [...fields, [4, "s", "org.fedoraproject.FirewallD1.Exception"]], "s", text(value.message));
  }
  return typeof value === "boolean"
    ? message(2, fields, "b", u32(value ? 1 : 0))
    : message(2, fields, "s", text(value));
}

const uid = Buffer.from(`${process.getuid?.()}`).toString("hex");
const socket = connect(socketPath);
let arrived = Buffer.alloc(0);
let greeted = false;
let seen = 0;
socket.on("connect", () => socket.write(`\0AUTH EXTERNAL ${uid}\r\n`));
socket.on("data", (data) => {
  arrived = Buffer.concat([arrived, Buffer.from(data)]);
  if (!greeted) {
    if (!arrived.includes("\r\n")) return;
    greeted = true;
    arrived = Buffer.alloc(0);
    socket.write("BEGIN\r\n");
    socket.write(daemonCall("Hello", "", []));
    socket.write(daemonCall("RequestName", "su", [...pad(text("org.fedoraproject.FirewallD1"), 4), ...u32(4)]));
    return;
  }
  for (let found = parse(arrived); found; found = parse(arrived)) {
    arrived = arrived.subarray(found.size);
    const answered = found.call?.member.endsWith("Source") ? reply(found.call) : undefined;
    // Ours are the two names that we get, and the answers to both calls.
    if (++seen >= 4) writeFileSync(file, JSON.stringify(zones));
    if (answered) socket.write(answered);
  }
});

/** The tool's HTTP client, on answers that come in any parts. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ask, follow, queryOf } from "../../../../src/tool/svc/berthd.ts";

const dir = mkdtempSync(join(tmpdir(), "berth-http-"));
const threads: Worker[] = [];
const refusal = '{"error":"there is no service a/b"}';
const sized = (status: string, body: string) =>
  `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/** Starts a server that gives these answers one after the other: its socket. */
async function serving(...answers: string[][]): Promise<string> {
  const path = join(dir, `s${threads.length}`);
  const thread = new Worker(new URL("./http-server.ts", import.meta.url).href);
  threads.push(thread);
  await new Promise((resolve) => {
    thread.onmessage = resolve;
    thread.postMessage([path, answers]);
  });
  return path;
}

afterAll(() => {
  for (const thread of threads) thread.terminate();
  // A thread that ends removes its socket meanwhile.
  rmSync(dir, { recursive: true, force: true });
});

const GET = { method: "GET", target: "/" } as const;

test("a body of a length, in chunks, or to the end, however it is cut", async () => {
  const whole = sized("200 OK", "grüß dich\n");
  const socket = await serving(
    [whole],
    [...whole],
    [`${CHUNKED}5\r\nhello\r\n`, "6;x=y\r", "\n wor", "ld\r\n0\r\n\r\n"],
    ["HTTP/1.1 200 OK\r\n\r\nto the ", "end"],
    ["HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"],
  );
  expect(ask(socket, GET)).toBe("grüß dich\n");
  expect(ask(socket, GET)).toBe("grüß dich\n");
  expect(ask(socket, GET)).toBe("hello world");
  expect(ask(socket, GET)).toBe("to the end");
  expect(ask(socket, GET)).toBe("");
});

test("lines are given whole, also when nothing comes for longer than a read waits", async () => {
  const part = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
  const socket = await serving([
    CHUNKED,
    part('{"a":1}\n{"b"'),
    "wait",
    `${part(":2}\n").slice(0, -2)}`,
    "wait",
    "\r\n0\r\n\r\n",
  ]);
  const lines = follow(socket, GET, 40);
  expect(lines.next()).toEqual(['{"a":1}']);
  expect(lines.next()).toEqual(['{"b":2}']);
  expect(lines.next()).toBeUndefined();
  lines.close();
});

test("an answer that is cut off, is none, or does not come is no answer", async () => {
  const socket = await serving(
    [sized("200 OK", "hello").slice(0, -1)],
    [`${CHUNKED}ff\r\nhel`],
    [`${CHUNKED}zz\r\n`],
    ["SSH-2.0-OpenSSH\r\n"],
    ["wait"],
  );
  for (let i = 0; i < 4; i++) expect(() => ask(socket, GET)).toThrow("ended early, or is no HTTP");
  expect(() => ask(socket, GET, 40)).toThrow("takes the question and does not answer");
});

test("what berthd refuses is said in its words; a socket that nobody listens at, or none, in ours", async () => {
  const socket = await serving([sized("404 Not Found", refusal)]);
  expect(() => ask(socket, GET)).toThrow("there is no service a/b");
  expect(() => ask(join(dir, "none"), GET)).toThrow("berthd does not run here: there is no such socket");
  writeFileSync(join(dir, "file"), "");
  expect(() => ask(join(dir, "file"), GET)).toThrow("nobody listens");
});

test("a query has what has a value", () => {
  expect(queryOf({ a: "x&y", b: undefined, c: false, d: true, e: "" })).toBe("?a=x%26y&d=true");
  expect(queryOf({ a: undefined })).toBe("");
});

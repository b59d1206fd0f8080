/** HTTP/1.1 (RFC 9112) over a unix socket, as far as berthd's control socket needs it: one request on a connection. */
import { close, connectUnix, read, write } from "#sys";
import { Explained } from "../../base/explained.ts";
import { decodeUtf8, encodeUtf8 } from "../../base/utf8.ts";

export interface Request {
  readonly method: "GET" | "POST" | "DELETE";
  /** Path and query. */
  readonly target: string;
  readonly body?: string;
}

const CHUNK = 1 << 16;
const NEWLINE = 10;

/** An answer whose body is taken part by part: to be closed. */
export class Exchange {
  readonly status: number;
  readonly #fd: number;
  readonly #isChunked: boolean;
  /** What has come and has not been taken. */
  #arrived: Uint8Array = new Uint8Array(0);
  /** Bytes that the body, or a chunk of it, still has; Infinity: to the end of the connection. */
  #left: number;
  /** The bytes of a chunk have been taken, and not the line's end behind them. */
  #isBehind = false;
  #isOver = false;

  /** `timeout` in milliseconds, of each read. @throws SysError of connect, read (EAGAIN: nothing came in time) and write; Explained */
  constructor(socket: string, { method, target, body = "" }: Request, timeout: number) {
    this.#fd = connectUnix(socket, timeout);
    try {
      const bytes = encodeUtf8(body);
      write(
        this.#fd,
        `${method} ${target} HTTP/1.1\r\nHost: berthd\r\nConnection: close\r\nContent-Length: ${bytes.length}\r\n\r\n`,
      );
      write(this.#fd, bytes);
      this.status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(`${this.#line()} `)?.[1]);
      if (!this.status) throw garbled();
      const fields = this.#fields();
      this.#isChunked = fields.get("transfer-encoding") === "chunked";
      this.#left = this.#isChunked ? 0 : Number(fields.get("content-length") ?? Number.POSITIVE_INFINITY);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The next bytes of the body; undefined at its end. Throws as the constructor. */
  next(): Uint8Array | undefined {
    if (this.#isOver) return undefined;
    if (this.#isChunked && this.#left === 0) this.#left = this.#chunk();
    this.#isOver = this.#left === 0;
    if (this.#isOver) return undefined;
    if (this.#arrived.length === 0 && !this.#more()) {
      if (this.#left === Number.POSITIVE_INFINITY) return undefined;
      throw garbled();
    }
    const part = this.#arrived.subarray(0, Math.min(this.#left, this.#arrived.length));
    this.#arrived = this.#arrived.subarray(part.length);
    this.#left -= part.length;
    this.#isBehind = this.#left === 0;
    return part;
  }

  /** The whole body, or the rest of it. */
  text(): string {
    const parts: Uint8Array[] = [];
    for (let part = this.next(); part; part = this.next()) parts.push(part);
    return decodeUtf8(joined(parts)) ?? "";
  }

  close(): void {
    close(this.#fd);
  }

  /** The length of the next chunk; 0: there is none. */
  #chunk(): number {
    if (this.#isBehind) this.#line();
    this.#isBehind = false;
    const length = Number.parseInt(this.#line(), 16);
    if (!(length >= 0)) throw garbled();
    return length;
  }

  #fields(): Map<string, string> {
    const fields = new Map<string, string>();
    for (let line = this.#line(); line !== ""; line = this.#line()) {
      const [, name = "", value = ""] = /^([^:]+):\s*(.*?)\s*$/.exec(line) ?? [];
      fields.set(name.toLowerCase(), value.toLowerCase());
    }
    return fields;
  }

  #line(): string {
    for (;;) {
      const end = this.#arrived.indexOf(NEWLINE);
      if (end >= 0) {
        const line = this.#arrived.subarray(0, end);
        this.#arrived = this.#arrived.subarray(end + 1);
        return (decodeUtf8(line) ?? "").replace(/\r$/, "");
      }
      if (!this.#more()) throw garbled();
    }
  }

  #more(): boolean {
    const bytes = read(this.#fd, CHUNK);
    this.#arrived = this.#arrived.length === 0 ? bytes : joined([this.#arrived, bytes]);
    return bytes.length > 0;
  }
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const garbled = (): Explained =>
  new Explained("the answer ended early, or is no HTTP/1.1", "who listens there may not be berthd, or has just ended");

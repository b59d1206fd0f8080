/** Reading the log of calls (docs/log.md), which plugins write and rotate meanwhile. */
import { close, fstat, open, pread, stat } from "#sys";
import { attempt } from "../../base/attempt.ts";
import { parseJson } from "../../base/json.ts";
import { decodeUtf8 } from "../../base/utf8.ts";
import type { CallRecord } from "../../spec/call-record.ts";
import { O } from "../../sys/flags.ts";

/** How many rotated files there may be: PATH.3 is the oldest (skel/log/append.ts). */
const ROTATED = 3;

/** Bytes that are read at once, and looked at: more than a record has. */
const CHUNK = 1 << 20;

/**
 * Of a log and its rotated files the last `most` records that `isWanted` takes, oldest first. What is no record is passed
 * over. @throws SysError where the log itself cannot be read
 */
export function readLog(path: string, most: number, isWanted: (record: CallRecord) => boolean): CallRecord[] {
  let found: CallRecord[] = [];
  const older = Array.from({ length: ROTATED }, (_, index) =>
    attempt(() => open(`${path}.${ROTATED - index}`, O.RDONLY)),
  );
  for (const fd of [...older, open(path, O.RDONLY)]) {
    if (fd === undefined) continue;
    try {
      const file = new LineReader(fd, 0);
      for (let text = file.next(); text !== ""; text = file.next()) {
        found = found.concat(recordsOf(text).filter(isWanted)).slice(-most);
      }
    } finally {
      close(fd);
    }
  }
  return found;
}

export function recordsOf(text: string): CallRecord[] {
  return text.split("\n").flatMap((line) => {
    const record = parseJson(line) as Partial<CallRecord> | null | undefined;
    return typeof record?.time === "string" && typeof record.verb === "string" ? (record as CallRecord) : [];
  });
}

/** Gives the whole lines of an open file, some at a time. */
class LineReader {
  readonly fd: number;
  #at: number;

  constructor(fd: number, at: number) {
    this.fd = fd;
    this.#at = at;
  }

  /** "" where there is no further whole line yet. */
  next(): string {
    const bytes = pread(this.fd, CHUNK, this.#at);
    const end = bytes.lastIndexOf(10) + 1;
    this.#at += end;
    return end === 0 ? "" : decodeUtf8(bytes.subarray(0, end));
  }
}

/** What comes to a log from the end that it has now, also after it was rotated. @throws SysError */
export class Tail {
  readonly #path: string;
  #file: LineReader;

  constructor(path: string) {
    this.#path = path;
    const fd = open(path, O.RDONLY);
    this.#file = new LineReader(fd, fstat(fd).size);
  }

  /** Whole lines that have come since; "" where none has. */
  next(): string {
    const isStill = attempt(() => stat(this.#path).id) === fstat(this.#file.fd).id;
    const text = this.#file.next();
    if (text !== "" || isStill) return text;
    // It was renamed before it was read to its end: nothing comes to it any more.
    const fd = attempt(() => open(this.#path, O.RDONLY));
    if (fd === undefined) return "";
    this.close();
    this.#file = new LineReader(fd, 0);
    return this.#file.next();
  }

  close(): void {
    close(this.#file.fd);
  }
}

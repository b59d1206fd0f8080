import { readFileSync } from "node:fs";
import { type FileReading, readFile } from "../sources/read-file.ts";
import type { PackedRecord } from "../store/packed.ts";
import type { Field, ReadAnswer, ReadOrder } from "./read-worker.ts";

/** From how many bytes on a file is read by a thread of its own: it takes a second for 30 MB, and as much memory as goes with it. */
const LARGE = 1 << 18;

/** How long after a large file was read is collected what it said before, if it did: the engine alone would let it be. */
const COLLECT_MS = 2000;

/** What the file at `path` says. @throws Error when it cannot be read */
export function readingOf(path: string, size: number): FileReading | Promise<FileReading> {
  return size < LARGE ? readFile(readFileSync(path, "utf8"), path) : readInThread(path);
}

function readInThread(path: string): Promise<FileReading> {
  const worker = new Worker(new URL("./read-worker.ts", import.meta.url).href);
  const records: PackedRecord[] = [];
  const names = new Map<string, string>();
  const reading = new Promise<FileReading>((resolve, reject) => {
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.onmessage = ({ data }: MessageEvent<ReadAnswer>) => {
      if (data.kind === "records") take(data.records, records, names);
      else if (data.kind === "failed") reject(new Error(data.message));
      else resolve({ records: data.problems.length > 0 ? [] : records, problems: data.problems });
    };
  });
  worker.postMessage({ path } satisfies ReadOrder);
  return reading.finally(() => {
    worker.terminate();
    setTimeout(() => Bun.gc(true), COLLECT_MS).unref();
  });
}

/** `names` has those of services, which their slices have too: one string for both. */
function take(fields: readonly Field[], records: PackedRecord[], names: Map<string, string>): void {
  for (let i = 0; i < fields.length; i += 5) {
    const [kind, key, of, since, text] = fields.slice(i, i + 5) as [
      PackedRecord["kind"],
      string,
      string,
      number,
      string,
    ];
    const service = names.get(of) ?? (kind === "service" ? key : of);
    names.set(service, service);
    records.push({ kind, key, service, since, text });
  }
}

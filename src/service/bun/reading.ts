import { readFileSync } from "node:fs";
import { type FileReading, readFile } from "../sources/read-file.ts";
import { type PackedRecord, recordOf } from "../store/packed.ts";
import type { ReadAnswer, ReadOrder } from "./read-worker.ts";

/** From how many bytes on a file is read by a thread of its own: it takes a second for 30 MB, and as much memory as goes with it. */
const LARGE = 1 << 18;

/** What the file at `path` says. @throws Error when it cannot be read */
export function readingOf(path: string, size: number): FileReading | Promise<FileReading> {
  return size < LARGE ? readFile(readFileSync(path, "utf8"), path) : readInThread(path);
}

function readInThread(path: string): Promise<FileReading> {
  const worker = new Worker(new URL("./read-worker.ts", import.meta.url).href);
  const records: PackedRecord[] = [];
  const reading = new Promise<FileReading>((resolve, reject) => {
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.onmessage = ({ data }: MessageEvent<ReadAnswer>) => {
      if (data.kind === "records") for (const line of data.lines) records.push(recordOf(line));
      else if (data.kind === "failed") reject(new Error(data.message));
      else resolve({ records: data.problems.length > 0 ? [] : records, problems: data.problems });
    };
  });
  worker.postMessage({ path } satisfies ReadOrder);
  return reading.finally(() => worker.terminate());
}

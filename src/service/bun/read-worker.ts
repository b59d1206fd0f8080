/** The thread that reads one large file, and ends. */
import { readFileSync } from "node:fs";
import { messageOf } from "../../base/errno.ts";
import { readFile } from "../sources/read-file.ts";
import type { PackedRecord } from "../store/packed.ts";

declare const self: Worker;

export interface ReadOrder {
  readonly path: string;
}

/** Of each record its fields, one after the other: copying objects takes many times as long. */
export type Field = PackedRecord[keyof PackedRecord];

export type ReadAnswer =
  | { readonly kind: "records"; readonly records: readonly Field[] }
  /** All records have been told of, and are none where there are problems. */
  | { readonly kind: "read"; readonly problems: readonly string[] }
  | { readonly kind: "failed"; readonly message: string };

/** How many records are handed over in one go: the other thread is held for as long as that takes. */
const PART = 2000;

function tell(answer: ReadAnswer): void {
  self.postMessage(answer);
}

function fieldsOf({ kind, key, service, since, text }: PackedRecord): Field[] {
  return [kind, key, service, since, text];
}

self.onmessage = ({ data: { path } }: MessageEvent<ReadOrder>) => {
  try {
    const { records, problems } = readFile(readFileSync(path, "utf8"), path);
    for (let at = 0; at < records.length; at += PART)
      tell({ kind: "records", records: records.slice(at, at + PART).flatMap(fieldsOf) });
    tell({ kind: "read", problems });
  } catch (error) {
    tell({ kind: "failed", message: messageOf(error) });
  }
};

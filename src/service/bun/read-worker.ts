/** The thread that reads one large file, and ends. */
import { readFileSync } from "node:fs";
import { messageOf } from "../../base/errno.ts";
import { readFile } from "../sources/read-file.ts";
import { recordLine } from "../store/packed.ts";

declare const self: Worker;

export interface ReadOrder {
  readonly path: string;
}

export type ReadAnswer =
  | { readonly kind: "records"; readonly lines: readonly string[] }
  /** All records have been told of, and are none where there are problems. */
  | { readonly kind: "read"; readonly problems: readonly string[] }
  | { readonly kind: "failed"; readonly message: string };

/** How many records are handed over in one go: the other thread is held for as long as that takes. */
const PART = 2000;

function tell(answer: ReadAnswer): void {
  self.postMessage(answer);
}

self.onmessage = ({ data: { path } }: MessageEvent<ReadOrder>) => {
  try {
    const { records, problems } = readFile(readFileSync(path, "utf8"), path);
    for (let at = 0; at < records.length; at += PART)
      tell({ kind: "records", lines: records.slice(at, at + PART).map(recordLine) });
    tell({ kind: "read", problems });
  } catch (error) {
    tell({ kind: "failed", message: messageOf(error) });
  }
};

import { parseAllDocuments } from "yaml";
import { readDocument } from "../schema/read.ts";
import { type PackedRecord, packed } from "../store/packed.ts";

/** What a file of Services and EndpointSlices says. */
export interface FileReading {
  readonly records: readonly PackedRecord[];
  /** What is wrong, a line each; then there are no records. */
  readonly problems: readonly string[];
}

/** The objects of a file's text. `path` is for messages. */
export function readFile(text: string, path: string): FileReading {
  const [documents, problems] = parseDocuments(text, path);
  if (problems.length > 0) return { records: [], problems };
  const records: PackedRecord[] = [];
  const wrong: string[] = [];
  for (const document of documents) {
    const reading = readDocument(document, path);
    for (const record of reading.records) records.push(packed(record));
    wrong.push(...reading.problems);
  }
  return wrong.length > 0 ? { records: [], problems: wrong } : { records, problems: [] };
}

/** JSON is YAML too; but the engine reads it many times as fast, and YAML's parser says where it is wrong. */
export function parseDocuments(text: string, path: string): [documents: unknown[], problems: string[]] {
  if (path.endsWith(".json") || text.startsWith("{")) {
    try {
      return [[JSON.parse(text)], []];
    } catch {
      // Below is said where.
    }
  }
  const documents = [...parseAllDocuments(text, { logLevel: "silent" })];
  const problems = documents.flatMap(({ errors }) =>
    errors.map(({ linePos, message }) => {
      const [at] = linePos ?? [];
      const [what = ""] = message.split(/ at line \d+|:?\n/);
      return `${path}${at ? `:${at.line}:${at.col}` : ""}: ${what}`;
    }),
  );
  if (problems.length > 0) return [[], problems];
  const values = documents.map((document) => document.toJS() as unknown).filter((value) => value !== null);
  if (path.endsWith(".json") && values.length > 0) return [[], [`${path}: YAML, but no JSON: call it .yaml`]];
  return [values, values.length > 0 ? [] : [`${path}: empty: remove the file if its services are to go`]];
}

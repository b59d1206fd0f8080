import * as z from "zod";
import { OWNER } from "../../features/register/words.ts";
import { readDocument, shown } from "../schema/read.ts";
import type { ObjectRecord, SliceRecord } from "../store/records.ts";

/** What an endpoint record says: slices, and where and when they were true. */

export interface Origin {
  readonly boot: string;
  /** Cookie of the network namespace, decimal; undefined before Linux 5.14. */
  readonly host: string | undefined;
  readonly veth: string;
  readonly ifindex: number;
}

export interface RecordReading {
  readonly slices: readonly SliceRecord[];
  /** Undefined where there are problems. */
  readonly origin: Origin | undefined;
  /** What is wrong, a line each. */
  readonly problems: readonly string[];
}

const originSchema = z.object({
  [OWNER.boot]: z.string(),
  [OWNER.host]: z.string().optional(),
  [OWNER.veth]: z.string(),
  [OWNER.ifindex]: z.string().regex(/^[1-9]\d{0,9}$/),
});

const recordSchema = z.object({ items: z.array(z.object({ metadata: z.object({ annotations: originSchema }) })) });

const FOREIGN = "no endpoint record of a plugin: Services and EndpointSlices of yours belong to the directory of files";

/** Reads a record's document; `path` is for messages. Throws nothing. */
export function readRecord(document: unknown, path: string): RecordReading {
  const { records, problems } = readDocument(document, path);
  if (problems.length > 0) return { slices: [], origin: undefined, problems };
  const origin = originOf(document);
  if (!origin) return { slices: [], origin, problems: [`${path}: ${shown(document)}: ${FOREIGN}`] };
  return { slices: records.filter(isSlice), origin, problems };
}

function isSlice(record: ObjectRecord): record is SliceRecord {
  return record.kind === "slice";
}

/** Undefined where the document does not say. All its slices say the same. */
function originOf(document: unknown): Origin | undefined {
  const [first] = recordSchema.safeParse(document).data?.items ?? [];
  if (!first) return undefined;
  const { annotations } = first.metadata;
  return {
    boot: annotations[OWNER.boot],
    host: annotations[OWNER.host],
    veth: annotations[OWNER.veth],
    ifindex: Number(annotations[OWNER.ifindex]),
  };
}

import type { Sink, Source } from "../seams.ts";
import type { Difference } from "../sinks/nft/compare.ts";
import type { Store } from "../store/store.ts";
import { type Asked, type ControlAnswer, isSet, json, refused, text } from "./answer.ts";
import { applyText, type Done, deleteService, type Owners, type Refused, type Shelf } from "./applied.ts";
import { namedDifferences } from "./compare.ts";
import type { Health } from "./health.ts";
import type { Metrics } from "./metrics.ts";
import { tell } from "./told.ts";

/** What berthd answers on its socket. */

export interface Controlled {
  readonly store: Store;
  readonly sink: Pick<Sink, "applied"> & {
    readonly conflicts: readonly string[];
    /** Undefined: nothing has been put into the kernel yet. */
    compare(): Promise<readonly Difference[] | undefined>;
  };
  readonly metrics: Metrics;
  readonly health: Health;
  /** Where applied objects are put, and the source that reads them there. */
  readonly shelf: Shelf;
  readonly files: Owners & { catchUp(): Promise<void> };
  readonly sources: readonly Pick<Source, "name" | "listing">[];
  readonly about: { readonly version: string; readonly pid: number };
  /** Milliseconds since the epoch. */
  now(): number;
  /** Which directory is at a path, `DEV-INO`; "": none. */
  idOf(path: string): string;
}

const PATHS = [
  "GET /healthz, /livez, /readyz, /metrics, /status, /compare, /services, /services/NAMESPACE/NAME",
  "GET /services/table, /services/objects, /endpoints/table, /endpoints/objects (?namespace= name= wide= watch= format=yaml)",
  "POST /apply (?from= namespace= dryRun=)",
  "DELETE /services/NAMESPACE/NAME (?dryRun=)",
];

export async function answerTo(asked: Asked, controlled: Controlled): Promise<ControlAnswer> {
  const { method, path } = asked;
  const [, what = "", namespace = "", name = "", ...more] = path.split("/").map(decodeURIComponent);
  const isOne = what === "services" && namespace !== "" && name !== "" && more.length === 0;
  const key = `${namespace}/${name}`;
  if (method === "POST" && path === "/apply") return apply(asked, controlled);
  if (method === "DELETE" && isOne) return remove(key, isSet(asked, "dryRun"), controlled);
  if (method === "GET" && isOne) return service(controlled.store, key);
  const told = method === "GET" ? ((await about(path, controlled)) ?? tellOf(asked, controlled)) : undefined;
  return told ?? refused(404, `${method} ${path}: there is`, ...PATHS);
}

const tellOf = (asked: Asked, { store, now }: Controlled) => tell(asked, store, now);

/** What is asked of berthd itself; undefined for other paths. */
async function about(path: string, controlled: Controlled): Promise<ControlAnswer | undefined> {
  const { store, sink, health } = controlled;
  if (path === "/metrics") return metricsText(controlled);
  if (path === "/status") return json(200, status(controlled));
  if (path === "/services") return json(200, { services: [...store.keys()].sort() });
  if (path !== "/compare") return health.answer(path);
  const found = await sink.compare();
  return found
    ? json(200, { differences: namedDifferences(store, found) })
    : refused(503, "nothing is in the kernel yet");
}

export function metricsText({
  store,
  sink,
  metrics,
}: Pick<Controlled, "store" | "metrics"> & { sink: Pick<Sink, "applied"> }) {
  return text(metrics.text([...store.keys()].length, store.revision, sink.applied, store.changes));
}

function status({ store, sink, sources, about, idOf }: Controlled): object {
  const listings = sources.flatMap(({ name, listing }) =>
    listing ? [[name, { ...listing, id: idOf(listing.path) }] as const] : [],
  );
  return {
    ...about,
    services: [...store.keys()].length,
    complete: store.isComplete,
    revision: store.revision,
    applied: sink.applied,
    problems: Object.fromEntries(store.problems),
    conflicts: sink.conflicts,
    sources: Object.fromEntries(listings),
  };
}

function service(store: Store, key: string): ControlAnswer {
  const service = store.service(key);
  if (!service) return refused(404, `there is no service ${key}`);
  return json(200, { service, slices: store.slicesOf(key), ports: store.portsOf(key) });
}

/** Berthd has taken what it says was done. */
async function apply(asked: Asked, { files, shelf }: Controlled): Promise<ControlAnswer> {
  const body = await asked.text();
  // What others have written just now counts.
  await files.catchUp();
  const applying = { from: asked.query("from") ?? "the request", namespace: asked.query("namespace") ?? "" };
  return outcome(applyText(shelf, files, body, applying, isSet(asked, "dryRun")), files);
}

async function remove(key: string, isDryRun: boolean, { store, files, shelf }: Controlled): Promise<ControlAnswer> {
  await files.catchUp();
  const slices = store.slicesOf(key).map((slice) => slice.key);
  return outcome(deleteService(shelf, files, key, slices, isDryRun), files);
}

async function outcome(done: Done | Refused, files: Controlled["files"]): Promise<ControlAnswer> {
  if (done.status !== 200) return refused(done.status, ...done.problems);
  await files.catchUp();
  return json(200, { results: done.results, left: done.left });
}

import type { Sink } from "../seams.ts";
import type { Store } from "../store/store.ts";
import type { Metrics } from "./metrics.ts";

/** What berthd answers on its socket. */

export interface Controlled {
  readonly store: Store;
  readonly sink: Pick<Sink, "applied"> & { readonly conflicts: readonly string[] };
  readonly metrics: Metrics;
}

export interface ControlAnswer {
  readonly status: number;
  readonly type: "application/json" | "text/plain; version=0.0.4";
  readonly body: string;
}

/** GET of a path: /healthz, /readyz, /metrics, /status, /services, /services/NAMESPACE/NAME. */
export function answerTo(method: string, path: string, controlled: Controlled): ControlAnswer {
  if (method !== "GET") return json(405, { error: `${method} ${path}: only GET is answered` });
  const [, what = "", namespace = "", name = "", ...more] = path.split("/").map(decodeURIComponent);
  const { store, sink, metrics } = controlled;
  if (what === "services" && namespace !== "" && name !== "" && more.length === 0)
    return service(store, `${namespace}/${name}`);
  if (namespace === "") {
    if (what === "healthz") return json(200, { healthy: true });
    if (what === "readyz") return json(isReady(controlled) ? 200 : 503, { ready: isReady(controlled) });
    if (what === "metrics") return text(metrics.text([...store.keys()].length, store.revision, sink.applied));
    if (what === "status") return json(200, status(controlled));
    if (what === "services") return json(200, { services: [...store.keys()].sort() });
  }
  return json(404, {
    error: `${path}: there are /healthz, /readyz, /metrics, /status, /services and /services/NAMESPACE/NAME`,
  });
}

/** Everything that the sources listed first is in the kernel. */
function isReady({ store, sink }: Controlled): boolean {
  return store.isComplete && sink.applied > 0;
}

function status({ store, sink }: Controlled): object {
  return {
    complete: store.isComplete,
    revision: store.revision,
    applied: sink.applied,
    problems: Object.fromEntries(store.problems),
    conflicts: sink.conflicts,
  };
}

function service(store: Store, key: string): ControlAnswer {
  const service = store.service(key);
  if (!service) return json(404, { error: `there is no service ${key}` });
  return json(200, { service, slices: store.slicesOf(key), ports: store.portsOf(key) });
}

function json(status: number, value: object): ControlAnswer {
  return { status, type: "application/json", body: `${JSON.stringify(value, undefined, 2)}\n` };
}

function text(body: string): ControlAnswer {
  return { status: 200, type: "text/plain; version=0.0.4", body };
}

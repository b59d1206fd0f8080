/** Metrics in Prometheus' text format, under kube-proxy's names where it has them. */

/** Upper bounds in seconds, as kube-proxy has them for programming rules. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

class Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #counts = new Array<number>(BOUNDS.length + 1).fill(0);
  #sum = 0;

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  observe(seconds: number): void {
    const place = BOUNDS.findIndex((bound) => seconds <= bound);
    const at = place < 0 ? BOUNDS.length : place;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += seconds;
  }

  text(): string {
    let count = 0;
    const buckets = this.#counts.map((one, i) => {
      count += one;
      return `${this.#name}_bucket{le="${BOUNDS[i] ?? "+Inf"}"} ${count}`;
    });
    const rest = [`${this.#name}_sum ${this.#sum}`, `${this.#name}_count ${count}`];
    return [...head(this.#name, this.#help, "histogram"), ...buckets, ...rest, ""].join("\n");
  }
}

function head(name: string, help: string, type: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

/** How many services and slices came, changed or went. */
export interface Changed {
  readonly service: number;
  readonly slice: number;
}

/** What the agent counts. */
export class Metrics {
  readonly sync = new Histogram("kubeproxy_sync_proxy_rules_duration_seconds", "How long a change of rules took.");
  readonly programming = new Histogram(
    "kubeproxy_network_programming_duration_seconds",
    "From when services or endpoints changed to when the rules had it.",
  );
  /** When rules were changed last, in milliseconds since the epoch, and when something was that they were to follow. */
  lastSync = 0;
  lastQueued = 0;
  failures = 0;
  repairs = 0;
  elements = 0;
  flows = 0;
  /** `healthz 200` -> how often it was answered so. */
  readonly #probes = new Map<string, number>();

  /** That `what`, one of healthz, livez and readyz, was asked for and answered with `code`. */
  countProbe(what: string, code: number): void {
    const key = `${what} ${code}`;
    this.#probes.set(key, (this.#probes.get(key) ?? 0) + 1);
  }

  text(services: number, revision: number, applied: number, changes: Changed = { service: 0, slice: 0 }): string {
    const numbers: [name: string, help: string, type: "counter" | "gauge", value: number][] = [
      [
        "kubeproxy_sync_proxy_rules_last_timestamp_seconds",
        "When rules were changed last.",
        "gauge",
        this.lastSync / 1000,
      ],
      [
        "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds",
        "When something changed last that rules follow.",
        "gauge",
        this.lastQueued / 1000,
      ],
      ["kubeproxy_sync_proxy_rules_service_changes_total", "Changes of services.", "counter", changes.service],
      ["kubeproxy_sync_proxy_rules_endpoint_changes_total", "Changes of slices.", "counter", changes.slice],
      [
        "kubeproxy_sync_proxy_rules_nftables_sync_failures_total",
        "Changes of rules that failed.",
        "counter",
        this.failures,
      ],
      [
        "berthd_nftables_repairs_total",
        "How often rules were put back that others had changed.",
        "counter",
        this.repairs,
      ],
      ["berthd_nftables_elements_total", "Elements that came or went.", "counter", this.elements],
      ["berthd_conntrack_flows_forgotten_total", "UDP flows that were forgotten.", "counter", this.flows],
      ["berthd_services", "Services that the sources have.", "gauge", services],
      ["berthd_store_revision", "Changes that the sources told of.", "counter", revision],
      ["berthd_applied_revision", "The last of them that the rules have.", "counter", applied],
    ];
    const lines = numbers.map(
      ([name, help, type, value]) => `${[...head(name, help, type), `${name} ${value}`].join("\n")}\n`,
    );
    return [this.sync.text(), this.programming.text(), ...lines, this.#probesText()].join("");
  }

  #probesText(): string {
    return ["healthz", "livez"]
      .map((what) => {
        const name = `kubeproxy_proxy_${what}_total`;
        const lines = [...this.#probes].flatMap(([key, count]) => {
          const [asked, code] = key.split(" ");
          return asked === what ? [`${name}{code="${code}"} ${count}`] : [];
        });
        return `${[...head(name, `Answers to /${what}.`, "counter"), ...lines].join("\n")}\n`;
      })
      .join("");
  }
}

/** What `berth svc` prints is valid input of `kubectl apply`, and means the same in a cluster. */
import { isDeepStrictEqual } from "node:util";
import { type FileReading, readFile } from "../../src/service/sources/read-file.ts";
import { slicesOf } from "../service/judge.ts";
import { ROWS } from "../service/rows.ts";
import { type Lab, openLab } from "../support/lab.ts";
import { Berthd, until } from "../support/service/berthd.ts";
import { samples } from "../support/service/samples.ts";
import { checked } from "./checked.ts";
import type { Cluster } from "./cluster.ts";
import { fresh } from "./fresh.ts";
import { svc } from "./svc.ts";

const SEED = 20_261_130;
const GENERATED = 120;
const MEMBERS = [0, 1, 2].map((i) => ({ v4: `10.1.${i}.2`, v6: `fd01:${i}::2` }));

/** What objects mean, sorted, without when they changed. */
export function meaning({ records, problems }: FileReading): string[] {
  checked("problems", problems, []);
  const all = records.filter(({ key }) => key !== "default/kubernetes");
  return all.map(({ kind, key, service, text }) => `${kind} ${key} of ${service} ${text}`).sort();
}

export async function printed(cluster: Cluster): Promise<string> {
  using lab = openLab();
  const berthd = new Berthd(lab);
  try {
    await berthd.begin();
    for (const [n, row] of ROWS.entries())
      await appliedAsPrinted(cluster, lab, berthd, `row ${n}`, [fresh(row.service), ...slicesOf(row, MEMBERS)]);
    await appliedAsPrinted(cluster, lab, berthd, "generated", samples(GENERATED, SEED));
    return `${ROWS.length} services of features and ${GENERATED} generated ones (seed ${SEED}) with their slices, as JSON and as YAML`;
  } finally {
    berthd.end();
  }
}

/** As JSON, and then as YAML. What a load balancer says of itself is a part of its own: `--subresource=status`. */
async function appliedAsPrinted(cluster: Cluster, lab: Lab, berthd: Berthd, what: string, objects: object[]) {
  cluster.clear();
  berthd.write("web.json", ...objects);
  const wanted = meaning(readFile(JSON.stringify({ kind: "List", items: objects }), "web.json"));
  let texts: string[] = [];
  await until(() => {
    texts = ["get", "endpoints"].map((of) => svc(lab, berthd, of, "-A", "-o", "json"));
    return isDeepStrictEqual(texts.flatMap((text) => meaning(readFile(text, "berth.json"))).sort(), wanted);
  });
  for (const text of texts) {
    cluster.ask(["apply", "--validate=strict", "--dry-run=server", "-f", "-"], text);
    cluster.ask(["apply", "--validate=strict", "-f", "-"], text);
  }
  cluster.ask(["apply", "--server-side", "--subresource=status", "-f", "-"], texts[0]);
  for (const of of ["get", "endpoints"])
    cluster.ask(["apply", "--validate=strict", "-f", "-"], svc(lab, berthd, of, "-A", "-o", "yaml"));
  checked(what, meaning(readFile(cluster.print("json"), "cluster.json")), wanted);
}

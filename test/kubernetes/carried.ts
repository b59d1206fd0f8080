/** What kubectl prints of a cluster is what berthd carries: test/service/rows.ts, by way of the API server. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readFile } from "../../src/service/sources/read-file.ts";
import { type Net, openAsking, wrongOf } from "../service/asking.ts";
import { slicesOf } from "../service/judge.ts";
import { OPTIONS, ROWS, type Row } from "../service/rows.ts";
import { openLab } from "../support/lab.ts";
import { endServers } from "../support/port-net.ts";
import { Berthd } from "../support/service/berthd.ts";
import { checked } from "./checked.ts";
import type { Cluster } from "./cluster.ts";
import { fresh } from "./fresh.ts";

/** Every row of rows.ts: kubectl applies it, berthd has what kubectl prints, and packets say what became of it. */
export async function carried(cluster: Cluster): Promise<string> {
  let asked = 0;
  for (const options of new Set(ROWS.map((row) => row.options))) {
    const rows = ROWS.filter((row) => row.options === options);
    const lab = openLab();
    const [net, end] = await openAsking(lab);
    try {
      const berthd = new Berthd(lab, { zone: "z1", ...(options && OPTIONS[options]) });
      for (const row of rows) asked += await carriedRow(cluster, net, berthd, row);
    } finally {
      end();
      endServers(lab);
      lab.close();
    }
  }
  return `${ROWS.length} features, each in both families by ${asked} lines of questions; JSON and YAML say the same`;
}

async function carriedRow(cluster: Cluster, net: Net, berthd: Berthd, row: Row): Promise<number> {
  cluster.clear();
  cluster.apply([fresh(row.service), ...slicesOf(row, net.members)]);
  cluster.tell("service", "web", row.service.status);
  const [json, yaml] = [cluster.print("json"), cluster.print("yaml")];
  checked(row.feature, readFile(yaml, "c.yaml"), readFile(json, "c.json"));
  writeFileSync(join(berthd.directory, "cluster.json"), json);
  checked(row.feature, berthd.once("run", "--once"), { code: 0, out: "", err: "" });
  checked(`${row.feature}: a dry run afterwards`, berthd.once("run", "--dry-run"), { code: 0, out: "", err: "" });
  for (const asked of row.asked) checked(row.feature, await wrongOf(net, asked), []);
  return row.asked.length;
}

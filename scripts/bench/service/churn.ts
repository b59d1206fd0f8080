/**
 * npm run churn [-- REPLACEMENTS [A-SECOND [CONNECTIONS]]]: endpoints are replaced while clients connect and connections are kept
 * (test/support/service/churn.ts): by default 1,000 at 50 a second with 200 connections. As root. Prints a table in Markdown; ends with
 * 1 where a request was not answered, or by an endpoint that was out, or a connection broke.
 */
import { openLab } from "../../../test/support/lab.ts";
import { endServers } from "../../../test/support/port-net.ts";
import { type Churned, churn } from "../../../test/support/service/churn.ts";
import { summarise } from "../stats.ts";
import { number } from "../table.ts";
import { heading, printTable } from "./heading.ts";

const [replacements = 1000, perSecond = 50, held = 200] = process.argv.slice(2).map(Number);

async function run(): Promise<Churned> {
  using lab = openLab();
  try {
    return await churn(lab, { replacements, perSecond, held });
  } finally {
    endServers(lab);
  }
}

const { requests, failed, stale, held: kept, spread, seconds, commits, lags } = await run();
const failures = [...failed].map(([what, count]) => `${count} × ${what}`).join(", ") || "0";
const broken = ({ count, broken }: Churned["held"]["survivors"]) => [`${count}`, broken.join("; ") || "0"];
const { median, p99 } = summarise(lags);
const lagged = [median, p99, Math.max(...lags)].map((one) => number(one)).join(" / ");
console.log(`${heading()}\n`);
printTable(
  ["what", "how many", "failed"],
  [
    [`replacements, at ${number(replacements / seconds)} a second`, `${replacements}`, ""],
    ["commits", `${commits}`, ""],
    [`from the file to the kernel, p50 / p99 / most: ${lagged} ms`, "", ""],
    ["requests", `${requests.toLocaleString("en")}`, failures],
    ["of them answered by an endpoint that was out when they were begun", `${stale}`, ""],
    ["connections kept to endpoints that stayed", ...broken(kept.survivors)],
    ["connections kept to endpoints that went", ...broken(kept.removed)],
  ],
);
const { statistic, freedom, p } = spread;
console.log(
  `\nSpread over the endpoints that stayed, and the others together: chi-square ${number(statistic)} with ${freedom} degrees of freedom, p = ${p.toFixed(3)}`,
);
if (failed.size > 0 || stale > 0 || [kept.survivors, kept.removed].some((one) => one.broken.length > 0))
  process.exit(1);

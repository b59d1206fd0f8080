/**
 * `npm run kubernetes [-- WORD…]`: tries the rows whose id contains a word, all without any, with Kubernetes' own programs, and prints
 * each with what was compared, as a table in Markdown. As root. Ends with 1 when one is not as it should be.
 */
import { heading } from "../../scripts/bench/service/heading.ts";
import { openLab } from "../support/lab.ts";
import { built, isMet, namespaces, nftables } from "../support/needs.ts";
import { Cluster } from "./cluster.ts";
import { kubernetes, RELEASES } from "./programs.ts";
import { ROWS } from "./rows.ts";

async function tried(cluster: Cluster, wanted: typeof ROWS): Promise<boolean> {
  let isRight = true;
  for (const { id, what, test } of wanted) {
    const start = performance.now();
    const seconds = () => `${Math.round((performance.now() - start) / 1000)} s`;
    try {
      console.log(`| ${what} | ${await test(cluster)} | \`npm run kubernetes -- ${id}\`, ${seconds()} |`);
    } catch (error) {
      isRight = false;
      console.log(`| ${what} | FAILED | \`npm run kubernetes -- ${id}\`, ${seconds()} |`);
      console.error(`${id}: ${(error as Error).stack}`);
    }
  }
  return isRight;
}

async function main(): Promise<number> {
  if (![kubernetes, built, namespaces, nftables].every(isMet)) return 1;
  const words = process.argv.slice(2);
  const wanted = ROWS.filter(({ id }) => words.length === 0 || words.some((word) => id.includes(word)));
  if (wanted.length === 0) throw new Error(`no row has that in its id: ${ROWS.map(({ id }) => id).join(", ")}`);
  using lab = openLab();
  const cluster = await Cluster.start(lab);
  try {
    console.log(`${heading()}, ${RELEASES}\n`);
    console.log("| what | compared | command |\n| --- | --- | --- |");
    return (await tried(cluster, wanted)) ? 0 : 1;
  } finally {
    cluster.end();
  }
}

process.exit(await main());

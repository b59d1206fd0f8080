/** `npm run lists [-- WORD…]`: all network lists, or those whose names contain a word. Ends with 1 for what is unexplained. */
import { built, isMet, namespaces, reference } from "../support/needs.ts";
import { cases, compareLists } from "./lists.ts";

if (![namespaces, built, reference, cases].every(isMet)) process.exit(1);
const comparisons = compareLists(process.argv.slice(2));
for (const { list, unable, unexplained, explained, ours, theirs } of comparisons) {
  const verdict = unable ? "neither side can run it here" : unexplained.length === 0 ? "the same" : "DIFFERS";
  const meant = explained.length ? `, but for ${explained.length} differences that are meant` : "";
  console.log(`${list}: ${verdict}${meant}; ADDs and DELs ${ours} ms, the reference's ${theirs} ms`);
  for (const difference of unexplained) console.log(`    ${difference}`);
}
const count = (is: (one: (typeof comparisons)[number]) => boolean) => comparisons.filter(is).length;
const differ = count(({ unexplained }) => unexplained.length > 0);
console.log(
  `${comparisons.length} lists: ${differ} differ, ${count(({ unable }) => unable)} that neither side can run here`,
);
process.exit(differ > 0 || comparisons.length === 0 ? 1 : 0);

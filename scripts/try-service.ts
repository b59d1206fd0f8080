/**
 * `npm run try:service`: containers as endpoints of a service, shown on real kernel objects: the plugins of dist/bin register three,
 * berthd carries requests to them; all in network namespaces of its own and a temporary directory. Ends with 1 when a step fails or
 * something is left.
 */
import { attempt } from "../test/support/command.ts";
import { bad } from "./try/show.ts";

async function main(): Promise<number> {
  if (attempt(undefined, "unshare", "--net", "true").status !== 0) {
    console.error("try: this needs root, to make network namespaces and rules in them: sudo npm run try:service");
    return 1;
  }
  try {
    // Not before: the support of tests says aloud which tests it would skip without root.
    const { play } = await import("./try/service.ts");
    return (await play()) ? 0 : 1;
  } catch (error) {
    bad(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));
process.exit(await main());

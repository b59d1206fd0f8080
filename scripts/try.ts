/**
 * `npm run try`: the main job, shown on real kernel objects. The executables in dist/bin attach two containers to a bridge
 * as conf/10-berth.conflist says, they ping each other and the gateway, and are detached again; all in network namespaces
 * of its own and a temporary directory.
 *
 * Usage: bun run scripts/try.ts [CONFLIST]. Ends with 1 when a step fails or something is left.
 */
import { join } from "node:path";
import { attempt } from "../test/support/command.ts";
import { bad } from "./try/show.ts";

/** Tried, not asked of the user id: root in a container may lack the capability. */
function mayMakeNamespaces(): boolean {
  return attempt(undefined, "unshare", "--net", "true").status === 0;
}

async function main(file = join(import.meta.dir, "../conf/10-berth.conflist")): Promise<number> {
  if (!mayMakeNamespaces()) {
    console.error("try: this needs root, to make network namespaces and the interfaces in them: sudo npm run try");
    return 1;
  }
  try {
    // Not before: the support of tests says aloud which tests it would skip without root.
    const { play } = await import("./try/story.ts");
    return play(file) ? 0 : 1;
  } catch (error) {
    bad(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

// The laboratory is taken down when the process exits.
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));
process.exit(await main(process.argv[2]));

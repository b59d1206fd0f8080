import { Command } from "commander";
import type { Define } from "../define.ts";
import { CACHE_DIRECTORY } from "../node/cache.ts";
import { repair } from "../repair.ts";
import { EXIT, printed } from "../world.ts";

export const repairCommand: Define = ({ about }, finish) =>
  new Command("repair")
    .description("put back the rules of live attachments after a flush or firewall reload")
    .argument("<network>", "the network's name")
    .option("--cache-dir <directory>", "where the runtime keeps its CNI results", CACHE_DIRECTORY)
    .addHelpText("after", "\nExample:\n  berth repair mynet     # after nft flush ruleset, or firewall-cmd --reload\n")
    .action((network: string, { cacheDir }: { cacheDir: string }) => {
      const { lines, failed } = repair(about.plugins, cacheDir, network);
      const text =
        lines.length > 0
          ? lines.map((line) => `${line}\n`).join("")
          : `no attachment of "${network}" in ${cacheDir}/results\n`;
      finish(printed(text, failed > 0 ? EXIT.failed : EXIT.ok));
    });

import { Command } from "commander";
import type { Define } from "../define.ts";
import { printed } from "../world.ts";

export const versionCommand: Define = ({ about }, finish) =>
  new Command("version").description("print the version").action(() => finish(printed(`berth ${about.version}\n`)));

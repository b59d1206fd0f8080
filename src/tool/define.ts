import type { Command } from "commander";
import type { Outcome, World } from "./world.ts";

/** Makes a command of `berth`; its action hands what it has done to `finish`. */
export type Define = (world: World, finish: (outcome: Outcome) => void) => Command;

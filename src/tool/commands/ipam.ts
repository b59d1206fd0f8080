import { Command } from "commander";
import type { Define } from "../define.ts";
import { ipamCheckCommand } from "./ipam-check.ts";
import { ipamReleaseCommand } from "./ipam-release.ts";
import { ipamShowCommand } from "./ipam-show.ts";

export const ipamCommand: Define = (world, finish) =>
  new Command("ipam")
    .description("show, check and release the addresses that host-local leased")
    .addCommand(ipamShowCommand(world, finish))
    .addCommand(ipamCheckCommand(world, finish))
    .addCommand(ipamReleaseCommand(world, finish));

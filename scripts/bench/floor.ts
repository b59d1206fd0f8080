/** The kernel's own time for the objects of an attachment: kernel.c, run on the place's bridge. */
import { netnsPath } from "../../test/support/conf.ts";
import type { Place } from "./place.ts";
import type { Setting } from "./setting.ts";

/** Milliseconds of the kernel's share of an ADD and of a DEL. */
export async function kernelCycle({ driver, programs }: Setting, place: Place): Promise<{ add: number; del: number }> {
  const env = {
    FLOOR_LINK: "floor0",
    FLOOR_NETNS: netnsPath(place.containers[0] ?? ""),
    FLOOR_PEER: "eth9",
    FLOOR_BRIDGE: "lab0",
    FLOOR_ADDRESS: "10.88.255.250",
    FLOOR_GATEWAY: "10.88.0.1",
  };
  const time = async (verb: string) => {
    const request = { file: programs.kernel, stdin: "", env: { ...env, FLOOR_VERB: verb } };
    return Number((await driver.run(place.host, request)).stdout) / 1e3;
  };
  return { add: await time("add"), del: await time("del") };
}

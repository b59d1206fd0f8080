import { Command } from "commander";
import { messageOf } from "../../base/errno.ts";
import { Explained } from "../../base/explained.ts";
import { CniError } from "../../spec/errors.ts";
import type { Define } from "../define.ts";
import { type AskOptions, askLeases } from "../ipam/ask.ts";
import { leasesNamed } from "../ipam/named.ts";
import { release } from "../ipam/release.ts";
import { isUseless, type LeaseView, type PoolView } from "../ipam/survey.ts";
import { isSpare } from "../ipam/used.ts";
import { pluginPath, withPlaces } from "../places.ts";
import { EXIT, failed, type Outcome, type World } from "../world.ts";
import { noPool } from "./ipam-show.ts";

interface Options extends AskOptions {
  readonly force?: boolean;
}

export const ipamReleaseCommand: Define = (world, finish) =>
  withPlaces(new Command("release"))
    .description("release the addresses of a container that is gone, with the rules made for them")
    .argument("<network>", "the network's name")
    .argument("<who>", "an address, a container's id (or how it begins) or name, or a pod: NAME or NAMESPACE/NAME")
    .argument("[ifname]", "only of this interface")
    .option("--force", "also of a container that lives, or may: it loses its interface")
    .option("--no-names", "ask no runtime which containers live, nor for their names")
    .addHelpText("after", HELP)
    .action((network: string, who: string, ifname: string | undefined, options: Options) =>
      finish(releaseNamed(world, { network, who, ifname }, options)),
    );

const HELP = `
All leases of an interface go by a DEL of its network's list (rules, link, lease, under host-local's lock): what plugins of others made
stays. One address of several goes alone. A container that lives keeps its address, unless forced; so does one of which nothing says
whether it lives.

Examples:
  berth ipam release mynet 10.1.2.3
  berth ipam release mynet default/web-0 eth0

Exit status: 0 released; 1 not, or not all; 2 the command line is wrong, or there is no such lease.
`;

interface Wanted {
  readonly network: string;
  readonly who: string;
  readonly ifname: string | undefined;
}

function releaseNamed(world: World, wanted: Wanted, options: Options): Outcome {
  const { network } = wanted;
  const { pools, warnings } = askLeases(world, network, options);
  const [view] = pools;
  if (!view) return failed(noPool(network), EXIT.usage);
  const found = find(view, wanted);
  if (typeof found === "string") return failed(`berth ipam release: ${found}\n`, EXIT.usage);
  const kept = options.force ? [] : found.filter((one) => !isUseless(one) && !isSpare(one, view.leases));
  if (kept.length > 0) return failed(kept.map((one) => `berth ipam release: ${refusal(one)}\n`).join(""));
  const said = [...warnings];
  const means = { plugins: world.about.plugins, path: pluginPath(world), warn: (line: string) => void said.push(line) };
  const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
  try {
    return { code: EXIT.ok, stdout: text(release(view, found, means)), stderr: text(said) };
  } catch (error) {
    if (!(error instanceof CniError || error instanceof Explained)) throw error;
    const why = error instanceof CniError ? error.text : `${messageOf(error)}; ${error.details}`;
    return failed(text([...said, `berth ipam release: ${why}`]));
  }
}

/** The leases that are meant; or what is wrong with the question. */
function find(view: PoolView, { network, who, ifname }: Wanted): LeaseView[] | string {
  const named = leasesNamed(view.leases, who);
  const found = ifname === undefined ? named : named.filter(({ lease }) => lease.holder?.ifname === ifname);
  if (found.length === 0) {
    const what = ifname === undefined ? who : `${who} ${ifname}`;
    return `network "${network}" has no lease of ${what}: berth ipam show ${network} lists them`;
  }
  const ids = [...new Set(found.map(({ lease }) => lease.holder?.id))];
  if (ids.length > 1) return `"${who}" may be ${ids.join(" or ")}: say which, by its id`;
  return found;
}

function refusal({ lease, state, because }: LeaseView): string {
  const whose = `${lease.address} of ${lease.holder?.id ?? "nobody"} ${lease.holder?.ifname ?? ""}`.trim();
  if (state !== "live") return `${whose}: nothing says whether it lives (${state}). If it does not: --force`;
  return `${whose} is live${because === undefined ? "" : ` (${because})`}: stop it, or --force, by which it loses its interface`;
}

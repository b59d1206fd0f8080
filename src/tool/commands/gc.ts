import { Command } from "commander";
import { Explained } from "../../base/explained.ts";
import { drive } from "../../invoke/drive.ts";
import { gcList, staleAttachments, type ValidAttachment } from "../../invoke/gc.ts";
import { type CallFlags, withCallOptions } from "../call/options.ts";
import { guarded, hostOf, perform } from "../call/perform.ts";
import { textOf, type Wanted, wantedOf } from "../call/wanted.ts";
import type { Define } from "../define.ts";
import type { Attachment } from "../node/attachments.ts";
import { CONF_DIRECTORY } from "../node/networks.ts";
import { readNode } from "../node/node.ts";
import { RUNTIMES, type RuntimeName } from "../runtimes/container.ts";
import { askRuntimes } from "../runtimes/runtimes.ts";
import { EXIT, failed, type Outcome, printed, type World } from "../world.ts";

interface GcFlags extends CallFlags {
  readonly valid?: readonly string[];
  readonly validFile?: string;
  readonly noneValid?: boolean;
  /** True: all that are installed. */
  readonly fromRuntime?: string | true;
  readonly yes?: boolean;
}

const HELP = `
It removes what belongs to no valid attachment of the network: DEL for those that libcni's cache knows, then GC of the plugins
(since CNI 1.1.0). Which are valid is told by a list, or by the runtimes, never by a cache alone. Without --yes it only says
what it would do.

Examples:
  berth gc mynet --from-runtime            # asks crictl, nerdctl, podman and ctr, and shows what would go
  berth gc mynet --from-runtime --yes
  berth gc mynet --valid 3f2a9c/eth0 --valid 77ab01/eth0 --yes
  berth gc mynet --none-valid --yes        # no container of it lives: all go
`;

export const gcCommand: Define = (world, finish) =>
  withCallOptions(new Command("gc").description("remove what is left of attachments that are no more: GC"))
    .option(
      "--valid <id/ifname>",
      "an attachment that lives; may be given again",
      (one: string, before: string[] = []) => [...before, one],
    )
    .option("--valid-file <file>", 'the same by line, or as JSON: [{"containerID": …, "ifname": …}]')
    .option("--none-valid", "none lives")
    .option("--from-runtime [names]", `ask these which containers live: ${RUNTIMES.join(",")}; all without names`)
    .option("-y, --yes", "do it")
    .addHelpText("after", HELP)
    .action((network = "", netns = "", _: readonly string[], flags: GcFlags) => {
      if (network === "")
        return finish(failed(`${world.called} gc: which network? ${world.called} gc NETWORK\n`, EXIT.usage));
      const work = () => collect(wantedOf(network, netns, flags, world), flags, world);
      return finish(guarded(work, flags, "gc"));
    });

function collect(wanted: Wanted, flags: GcFlags, world: World): Outcome {
  const { list, setting } = wanted;
  // What cnitool does: it knows of no valid attachment.
  if (world.called === "cnitool") return performed(wanted, undefined, flags, world);
  const node = readNode({ conf: flags.conf ?? CONF_DIRECTORY, cache: setting.cacheDirectory }, list.name, (line) =>
    world.progress(line),
  );
  const valid = validOf(node.attachments, flags, world);
  if (valid === undefined) {
    const how = "say which attachments live: --from-runtime, --valid ID/IFNAME, --valid-file FILE, or --none-valid";
    return failed(
      `berth gc: nobody said what lives, and without that every container of "${list.name}" would lose its network: ${how}\n`,
      EXIT.usage,
    );
  }
  const stale = drive(staleAttachments(list, valid, setting), hostOf({}, world, [])) ?? [];
  const cached = new Set(stale.map(keyOf));
  const lines = gone(node.attachments, valid).map((one) => lineOf(one, cached.has(keyOf(one.owner)) ? "DEL" : "GC"));
  const plan = lines.map((line) => `${line}\n`).join("");
  if (!flags.yes || flags.dryRun) {
    const what = plan === "" ? `nothing of "${list.name}" is left over\n` : `${plan}with --yes it is done\n`;
    return printed(what);
  }
  return performed(wanted, valid, flags, world, plan);
}

function performed(
  { list, setting }: Wanted,
  valid: readonly ValidAttachment[] | undefined,
  flags: GcFlags,
  world: World,
  done = "",
): Outcome {
  return perform({ steps: () => gcList(list, valid, setting), print: () => done, verb: "gc" }, flags, world);
}

/** Undefined where nothing says. @throws Explained for a list that cannot be read, and for a runtime that does not answer */
function validOf(attachments: readonly Attachment[], flags: GcFlags, world: World): ValidAttachment[] | undefined {
  const { valid, validFile, noneValid, fromRuntime } = flags;
  if (valid === undefined && validFile === undefined && !noneValid && fromRuntime === undefined) return undefined;
  const listed = [...(valid ?? []), ...(validFile === undefined ? [] : entriesOf(textOf(validFile)))];
  const said = listed.flatMap((entry) => attachmentsOf(entry, attachments));
  return fromRuntime === undefined ? said : [...said, ...ofRuntimes(attachments, fromRuntime, world)];
}

function entriesOf(text: string): string[] {
  if (!text.trimStart().startsWith("[")) return text.split("\n").filter((line) => line.trim() !== "");
  const listed = JSON.parse(text) as { containerID: string; ifname: string }[];
  return listed.map(({ containerID, ifname }) => `${containerID}/${ifname}`);
}

/** An ID alone stands for all its interfaces that are known, and for eth0. */
function attachmentsOf(entry: string, attachments: readonly Attachment[]): ValidAttachment[] {
  const [containerId = "", ifname] = entry.trim().split("/");
  if (ifname) return [{ containerId, ifname }];
  const known = attachments.filter(({ owner }) => owner.containerId === containerId);
  const names = new Set(["eth0", ...known.map(({ owner }) => owner.ifname)]);
  return [...names].filter((name) => name !== "").map((name) => ({ containerId, ifname: name }));
}

/** What the runtimes know, whether it runs or not: what is stopped may hold its addresses. */
function ofRuntimes(attachments: readonly Attachment[], names: string | true, world: World): ValidAttachment[] {
  const { containers, answered, failed: silent } = askRuntimes(world.env, names === true ? RUNTIMES : namesOf(names));
  const [first] = silent;
  if (first) {
    throw new Explained(
      first.message,
      `what ${first.runtime} has is not known, so nothing is removed: mend that, or name the others with --from-runtime NAMES`,
    );
  }
  if (answered.length === 0) {
    throw new Explained(
      "no runtime answered",
      `none of ${RUNTIMES.join(", ")} is installed here: use --valid or --valid-file`,
    );
  }
  return containers.flatMap(({ id }) => attachmentsOf(id, attachments));
}

function namesOf(text: string): RuntimeName[] {
  return text.split(",").map((name) => {
    const known = RUNTIMES.find((runtime) => runtime === name);
    if (known) return known;
    throw new Explained(`--from-runtime ${name} is no runtime that is known`, `it is one of ${RUNTIMES.join(", ")}`);
  });
}

function gone(attachments: readonly Attachment[], valid: readonly ValidAttachment[]): Attachment[] {
  const kept = new Set(valid.map(keyOf));
  return attachments.filter(({ owner }) => !kept.has(keyOf(owner)));
}

const keyOf = ({ containerId, ifname }: ValidAttachment): string => `${containerId}/${ifname}`;

/** `by`: DEL for what the cache knows, as libcni does; the plugins' GC for the rest. */
function lineOf({ owner, leases, link, pod }: Attachment, by: "DEL" | "GC"): string {
  const what = [
    ...leases.map(({ address }) => `lease ${address}`),
    ...(link ? [`interface ${link.name}`] : []),
    ...(pod ? [`pod ${pod.namespace}/${pod.name}`] : []),
  ];
  return `${by} ${owner.containerId} ${owner.ifname}${what.length ? `: ${what.join(", ")}` : ""}`;
}

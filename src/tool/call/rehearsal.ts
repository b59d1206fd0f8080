/** --dry-run: the call is made where nobody sees it (stage.ts), and what it does there is what would be done. */
import { isThisProgram } from "#sys";
import { addList } from "../../invoke/add.ts";
import { cachedResult } from "../../invoke/cache.ts";
import { delList } from "../../invoke/del.ts";
import { drive } from "../../invoke/drive.ts";
import type { Host, PluginCall } from "../../invoke/request.ts";
import { is020, type NetworkResult } from "../../invoke/result.ts";
import { CniError } from "../../spec/errors.ts";
import { systemHost } from "../invoke-driver.ts";
import { leasePlace } from "../node/node.ts";
import { jsonText } from "../output/json.ts";
import { EXIT, failed, type Outcome, printed, type World } from "../world.ts";
import type { CallFlags } from "./options.ts";
import { type Recorded, recording } from "./recording.ts";
import { enterStage, STAND_IN } from "./stage.ts";
import type { Wanted } from "./wanted.ts";

/** A plugin that is not berth's does not tell what it does. */
class Foreign extends Error {
  readonly call: PluginCall;

  constructor(call: PluginCall) {
    super(`${call.plugin} (${call.path}) is not berth's`);
    this.call = call;
  }
}

/** What the command would do, as the commands that it equals. Nothing is changed, but this process: it must end then. */
export function rehearsal(verb: string, wanted: Wanted, flags: CallFlags, world: World): Outcome {
  if (verb !== "add" && verb !== "del") {
    return failed(`${world.called} ${verb}: it changes nothing: call it without --dry-run\n`, EXIT.usage);
  }
  const { list, attachment, setting } = wanted;
  const addresses =
    verb === "del" ? addressesOf(drive(cachedResult(list, attachment, setting), systemHost(QUIET))) : [];
  const directories = list.plugins.flatMap(({ config }) => leasePlace(list.name, config) ?? []);
  const netns = enterStage({
    netns: verb === "add" ? attachment.netns : "",
    ifname: attachment.ifname,
    directories: directories.map(({ dataDir, network }) => `${dataDir}/${network}`),
    empty: verb === "del",
  });
  const there = { ...attachment, netns };
  const plan = rehearse(() => {
    const { recorded, host } = stageHost(addresses);
    if (verb === "add") return { recorded, work: () => drive(addList(list, there, setting), host) };
    drive(addList(list, there, setting), host);
    recorded.length = 0;
    const work = () => {
      drive(delList(list, there, setting), host);
      return undefined;
    };
    return { recorded, work };
  });
  const real = (command: string) => inReality(command, attachment.netns);
  return flags.output === "json" ? asJson(plan, real) : asText(plan, real);
}

const QUIET = { warn: () => undefined };

interface Plan {
  readonly recorded: readonly Recorded[];
  readonly result: NetworkResult | undefined;
  /** Why it would fail, or why nobody can say more; undefined where it would be done. */
  readonly end: CniError | Foreign | undefined;
}

interface Prepared {
  readonly recorded: Recorded[];
  readonly work: () => NetworkResult | undefined;
}

function rehearse(prepare: () => Prepared): Plan {
  let recorded: Recorded[] = [];
  try {
    const prepared = prepare();
    recorded = prepared.recorded;
    return { recorded, result: prepared.work(), end: undefined };
  } catch (error) {
    if (error instanceof CniError || error instanceof Foreign) return { recorded, result: undefined, end: error };
    throw error;
  }
}

/** Runs what is berth's, and writes no cache. With `addresses` host-local is to give these. */
function stageHost(addresses: readonly string[]): { recorded: Recorded[]; host: Host } {
  const recorded: Recorded[] = [];
  const system = systemHost(QUIET);
  const staged: Host = {
    ...system,
    writeCache: () => undefined,
    removeCache: () => undefined,
    exec: (request) => {
      if (!isThisProgram(request.call.path)) throw new Foreign(request.call);
      const isAdd = request.call.verb === "ADD" && addresses.length > 0;
      const call = isAdd ? { ...request.call, stdin: asking(request.call.stdin, addresses) } : request.call;
      return system.exec({ ...request, call });
    },
  };
  return { recorded, host: recording(staged, true, (one) => recorded.push(one)) };
}

function asking(stdin: string, ips: readonly string[]): string {
  const config = JSON.parse(stdin) as { runtimeConfig?: object };
  return JSON.stringify({ ...config, runtimeConfig: { ...config.runtimeConfig, ips } });
}

function addressesOf(result: NetworkResult | undefined): string[] {
  if (result === undefined) return [];
  if (is020(result)) return [result.ip4?.ip, result.ip6?.ip].filter((ip) => ip !== undefined);
  return (result.ips ?? []).map(({ address }) => address);
}

/** With the container's own namespace in the place of the stand-in. */
function inReality(command: string, netns: string): string {
  const name = /^(?:\/var)?\/run\/netns\/([^/]+)$/.exec(netns)?.[1];
  const standIn = STAND_IN.slice(STAND_IN.lastIndexOf("/") + 1);
  const by =
    name === undefined
      ? [`nsenter --net=${netns} ip`, `nsenter --net=${netns}`]
      : [`ip -n ${name}`, `ip netns exec ${name}`];
  return command
    .replace(new RegExp(`^ip -n ${standIn}(?= )`), by[0] ?? "")
    .replace(new RegExp(`^ip netns exec ${standIn}(?= )`), by[1] ?? "")
    .replaceAll(STAND_IN, netns);
}

const failureOf = ({ end }: Plan): string | undefined =>
  end instanceof CniError ? end.text.replaceAll(STAND_IN, "the container's namespace") : undefined;

function asText(plan: Plan, real: (command: string) => string): Outcome {
  const { recorded, result, end } = plan;
  const lines = recorded.flatMap(({ call, commands }) => [`# ${call.plugin}`, ...commands.map(real)]);
  const addresses = addressesOf(result);
  if (addresses.length > 0) lines.push(`# the container has ${addresses.join(" and ")} then`);
  if (end instanceof Foreign) lines.push(`# ${end.message}: what it and the plugins after it do is not shown`);
  const failure = failureOf(plan);
  const stdout = lines.map((line) => `${line}\n`).join("");
  return failure === undefined ? printed(stdout) : { code: EXIT.failed, stdout, stderr: `it would fail: ${failure}\n` };
}

function asJson(plan: Plan, real: (command: string) => string): Outcome {
  const { recorded, result, end } = plan;
  const failure = failureOf(plan);
  const text = jsonText({
    plugins: recorded.map(({ call, commands }) => ({ plugin: call.plugin, commands: commands.map(real) })),
    addresses: addressesOf(result),
    ...(end instanceof Foreign && { notShown: end.message }),
    ...(failure !== undefined && { failure }),
  });
  return printed(text, failure === undefined ? EXIT.ok : EXIT.failed);
}

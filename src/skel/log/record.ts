import { parseJson } from "../../base/json.ts";
import { formatTime } from "../../base/rfc3339.ts";
import type { CallRecord } from "../../spec/call-record.ts";
import { BUILD } from "../about.ts";
import type { Reply } from "../reply.ts";
import type { Watch } from "./watch.ts";

/** What the log says of a call that has ended. `delivered`: whether its answer was taken. */
export function recordOf(
  plugin: string,
  variables: ReadonlyMap<string, string>,
  { began, head, phases }: Watch,
  ms: number,
  { code, stdout, stderr }: Reply,
  delivered: boolean,
): CallRecord {
  const answer = parseJson(stdout) as Answer | undefined;
  const warnings = stderr.split("\n").filter((line) => line !== "");
  const verb = cut(variables.get("CNI_COMMAND") ?? "");
  return {
    time: formatTime(began),
    plugin,
    verb,
    ...(head && { network: cut(head.name), cniVersion: cut(head.cniVersion) }),
    ...given({ container: "CNI_CONTAINERID", ifname: "CNI_IFNAME", netns: "CNI_NETNS" }, variables),
    ...podOf(variables.get("CNI_ARGS") ?? ""),
    outcome: code !== 0 ? "error" : delivered ? "ok" : "undelivered",
    ...(code !== 0 && answer && errorOf(answer)),
    ms: rounded(ms),
    phases: Object.fromEntries(Object.entries(phases).map(([name, part]) => [name, rounded(part)])),
    ...(code === 0 && answer && { ips: ipsOf(answer) }),
    ...(warnings.length > 0 && { warnings: warnings.slice(0, MOST).map(cut) }),
    ...traceOf(variables.get("TRACEPARENT") ?? ""),
    version: BUILD,
  };
}

/** Most characters of a text and most texts of a list: what is longer is somebody else's text. */
const LONGEST = 2000;
const MOST = 100;

const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

/** Milliseconds, to the microsecond. */
const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;

/** What a plugin prints (spec/result-render.ts, skel/failure.ts), of whatever version. */
interface Answer {
  readonly ips?: readonly { readonly address: string }[];
  readonly ip4?: { readonly ip: string };
  readonly ip6?: { readonly ip: string };
  readonly code?: number;
  readonly msg?: string;
  readonly details?: string;
}

function errorOf({ code = 0, msg = "", details }: Answer): Pick<CallRecord, "code" | "msg" | "details"> {
  return { code, msg: cut(msg), ...(details && { details: cut(details) }) };
}

function ipsOf({ ips = [], ip4, ip6 }: Answer): string[] {
  const old = [ip4, ip6].flatMap((one) => one?.ip ?? []);
  return [...ips.map(({ address }) => address), ...old].slice(0, MOST);
}

/** The variables that are set and not empty, under other names. */
function given<K extends string>(
  names: Record<K, string>,
  variables: ReadonlyMap<string, string>,
): { [_ in K]?: string } {
  const entries = Object.entries<string>(names).map(([key, name]) => [key, cut(variables.get(name) ?? "")]);
  return Object.fromEntries(entries.filter(([, value]) => value !== ""));
}

/** Where CNI_ARGS say both; they are read although they may not be what parseArgs takes. */
function podOf(args: string): Pick<CallRecord, "pod"> {
  const argument = (key: string) =>
    args
      .split(";")
      .findLast((pair) => pair.startsWith(`${key}=`))
      ?.slice(key.length + 1);
  const [namespace, name] = [argument("K8S_POD_NAMESPACE"), argument("K8S_POD_NAME")];
  return namespace && name ? { pod: cut(`${namespace}/${name}`) } : {};
}

/** version-traceid-parentid-flags; what is not so written counts as absent. */
function traceOf(parent: string): Pick<CallRecord, "trace" | "span"> {
  const [, trace, span] = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/.exec(parent) ?? [];
  return trace && span ? { trace, span } : {};
}

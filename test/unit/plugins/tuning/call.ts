import { readEnv } from "../../../../src/spec/env.ts";
import type { Call } from "../../../../src/spec/plugin.ts";
import { callEnv } from "../../../support/plugin-fake.ts";

export interface CallOptions {
  readonly args?: string;
  readonly ifname?: string;
  readonly stdin?: string;
  /** Is given what is said to the operator. */
  readonly warn?: (line: string) => void;
}

/** A call of network "net" for container c1 in a fake host's namespace. */
export function callWith(
  config: object,
  { args = "", ifname = "eth0", stdin = JSON.stringify(config), warn = () => {} }: CallOptions = {},
): Call {
  const variables = callEnv("ADD", { CNI_ARGS: args, CNI_IFNAME: ifname, CNI_NETNS: "/run/netns/ctr" });
  return { env: readEnv(variables, []), stdin, config, name: "net", version: "1.1.0", delegates: [], warn };
}

import * as z from "zod";
import { Explained } from "../base/explained.ts";
import { type Prefix, parseIp, parsePrefix } from "../base/ip.ts";
import { DIRECTORY } from "../features/register/words.ts";
import { probeSchema } from "./schema/probe.ts";
import { pathText, shown, valueAt } from "./schema/read.ts";
import { network } from "./schema/values.ts";

/** The configuration of berthd. Every key may be absent. */

/** Where TCP is listened at. */
export interface BindAddress {
  readonly hostname: string;
  readonly port: number;
}

const BIND = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/;

/** `127.0.0.1:10256`, `[::1]:10256`. */
const bindAddress = z.string().transform((text, context): BindAddress => {
  const [, v6, v4, port] = BIND.exec(text) ?? [];
  const ip = parseIp(v6 ?? v4 ?? "");
  if (ip && ip.length === (v6 === undefined ? 4 : 16) && Number(port) > 0 && Number(port) < 65_536)
    return { hostname: v6 ?? v4 ?? "", port: Number(port) };
  context.addIssue({
    code: "custom",
    message: "expected ADDRESS:PORT, as in 127.0.0.1:10256 or [::1]:10256",
    input: text,
  });
  return z.NEVER;
});

const networks = z.array(network.transform((text) => parsePrefix(text) as Prefix)).default([]);

const absolute = z.string().startsWith("/", "expected an absolute path");

export const configSchema = z.strictObject({
  node: z
    .string()
    .min(1)
    .optional()
    .describe("Name of this node, as endpoints have it in nodeName; the host's name when absent."),
  zone: z.string().default("").describe("Zone of this node, as hints of endpoints have it; none when absent."),
  containers: networks.describe(
    "Networks of this node's own containers. What comes from elsewhere to a service's own address gets the node's.",
  ),
  serviceCIDRs: networks.describe(
    "Networks that services' own addresses are of. What no service has of them is refused.",
  ),
  masqueradeAll: z
    .boolean()
    .default(false)
    .describe("What goes to a service gets the node's address, wherever it comes from."),
  files: absolute
    .default("/etc/berth/services.d")
    .describe("Directory of Services and EndpointSlices, as JSON or YAML."),
  cni: absolute
    .default(DIRECTORY)
    .describe("Directory of the endpoint records that the plugins write (berth.register.dir)."),
  readinessProbes: z
    .record(z.string().regex(/^[^/]+\/[^/]+$/), probeSchema, {
      error: ({ code }) => (code === "invalid_key" ? "expected the NAMESPACE/NAME of a service as the key" : undefined),
    })
    .default({})
    .describe("By NAMESPACE/NAME of a service: what its containers on this node are asked before they count."),
  socket: absolute.default("/run/berth/berthd.sock").describe("Where berthd answers; who may write there may ask."),
  healthzBindAddress: bindAddress
    .optional()
    .describe("Where /healthz, /livez and /readyz are answered over TCP as well, for probes; nowhere when absent."),
  metricsBindAddress: bindAddress
    .optional()
    .describe("Where /metrics is answered over TCP as well, for Prometheus; nowhere when absent."),
});

export type Config = z.output<typeof configSchema>;

/** Reads a configuration. @throws Explained that names file, key and value */
export function readConfig(text: string, path: string): Config {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Explained(
      `${path} is not JSON: ${(error as Error).message}`,
      "a configuration is one JSON object",
      error,
    );
  }
  return checked(value, path);
}

/** The same of what is no text; `path` is for messages. @throws Explained that names path, key and value */
export function checked(value: unknown, path: string): Config {
  const read = configSchema.safeParse(value);
  if (read.success) return read.data;
  const lines = read.error.issues.map((issue) => {
    const where = issue.path.length > 0 ? `${pathText(issue.path)}: ` : "";
    if (issue.code === "unrecognized_keys")
      return `${path}: ${where}${issue.keys.map((key) => JSON.stringify(key)).join(", ")}: no such key`;
    return `${path}: ${pathText(issue.path)}: ${shown(valueAt(value, issue.path))}: ${issue.message}`;
  });
  throw new Explained(lines.join("\n"), `keys are ${Object.keys(configSchema.shape).join(", ")}`);
}

/** That of no file. */
export function defaultConfig(): Config {
  return configSchema.parse({});
}

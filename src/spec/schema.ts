/**
 * The keys that plugins share, as zod schemas: each says what the value of one key may be. What keys must not be together
 * is the plugins' to say. Names in other cases, null and repeated names are not known here (goObject of decode.ts).
 *
 * Texts are checked by expressions, which JSON Schemas can carry, and not by zod's own formats: z.ipv6() asks the engine's
 * URL, which QuickJS has not, and z.mac() refuses an address that mixes upper and lower case.
 */
import * as z from "zod";
import { NETWORK_NAME_LIMIT } from "./limits.ts";
import { VERSIONS } from "./versions.ts";

/** An optional key. `description` is one line: what it says, its unit, what its absence means. */
export function key<T extends z.ZodType>(description: string, value: T): z.ZodOptional<T> {
  return value.optional().describe(description);
}

/** An object of these keys and any others. */
export const keys = z.looseObject;

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IP4 = `${OCTET}(?:\\.${OCTET}){3}`;
const GROUP = "[0-9A-Fa-f]{1,4}";
/** The last 32 bits: two groups, or as IPv4 writes them. */
const LAST = `(?:${GROUP}:${GROUP}|${IP4})`;
/** IPv6address of RFC 3986, by where its `::` is. */
const IP6 = [
  `(?:${GROUP}:){6}${LAST}`,
  `::(?:${GROUP}:){5}${LAST}`,
  ...[4, 3, 2, 1, 0].map((after) => `(?:(?:${GROUP}:){0,${4 - after}}${GROUP})?::(?:${GROUP}:){${after}}${LAST}`),
  `(?:(?:${GROUP}:){0,5}${GROUP})?::${GROUP}`,
  `(?:(?:${GROUP}:){0,6}${GROUP})?::`,
].join("|");
const IP = `(?:${IP4}|${IP6})`;
const PREFIX = `(?:${IP4}/(?:3[0-2]|[12]?\\d)|(?:${IP6})/(?:12[0-8]|1[01]\\d|[1-9]?\\d))`;

/** IPv4-mapped, which Go reads as an IPv4 address, so that it is no prefix of either family. */
const MAPPED = new RegExp(`^(?:[0:]+:ffff:${LAST}|(?:0+:){5}ffff:(?::|:${GROUP}|${GROUP}::))/`, "i");
const unmapped = (text: string) => !MAPPED.test(text);

const whole = (expression: string) => new RegExp(`^(?:${expression})$`);

/** An address. "" counts as absent. */
export const ip = z
  .string()
  .regex(whole(`${IP}?`), "an IP address: 10.1.2.3 or 2001:db8::1")
  .meta({ id: "ip" });

/** An address and the length of its prefix; the host's bits may be set. */
export const prefix = z
  .string()
  .regex(whole(PREFIX), "address/length: 10.1.2.0/24 or 2001:db8::/64")
  .refine(unmapped, "an IPv4-mapped prefix is none of IPv6")
  .meta({ id: "prefix" });

/** An address, with or without the length of its prefix. */
export const ipOrPrefix = z
  .string()
  .regex(whole(`${IP}|${PREFIX}`), "an IP address: 10.1.2.3 or 10.1.2.3/24")
  .refine(unmapped, "an IPv4-mapped prefix is none of IPv6")
  .meta({ id: "ipOrPrefix" });

const HEX = "[0-9A-Fa-f]";

/** An address that an Ethernet interface can have: six bytes, no group's, not all zero. "" counts as absent. */
export const stationMac = z
  .string()
  .regex(
    whole(`(?![0:.-]+$)${HEX}[02468ACEace](?:(?::${HEX}{2}){5}|(?:-${HEX}{2}){5}|${HEX}{2}(?:\\.${HEX}{4}){2})|`),
    "six bytes, of which the first is even: 02:00:00:00:00:01",
  )
  .meta({ id: "mac" });

/** The request: in a list both stand beside `plugins`. */
export const requestKeys = {
  cniVersion: key(
    'Version of the CNI spec that the configuration is written in; "0.1.0" when absent.',
    z.enum([...VERSIONS, ""]),
  ),
  name: key(
    `Name of the network, at most ${NETWORK_NAME_LIMIT} bytes: letters, digits and _ . -, of which the first is a letter or digit.`,
    z
      .string()
      .max(NETWORK_NAME_LIMIT)
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/),
  ),
};

export const dns = keys({
  nameservers: key("Addresses of name servers, by priority.", z.array(z.string())),
  domain: key("Local domain of short names.", z.string()),
  search: key("Domains in which short names are looked up, by priority.", z.array(z.string())),
  options: key("Options of the resolver, as resolv.conf has them.", z.array(z.string())),
});

/** A route of an IPAM plugin. */
export const route = keys({
  dst: prefix.describe("Destination; 0.0.0.0/0 and ::/0 are default routes."),
  gw: key("Gateway; when absent that of the container's first address of the destination's family.", ip),
  mtu: key("MTU of the path in bytes, for the result: the bridge plugin does not set it.", z.int()),
  advmss: key("Largest TCP segment to announce in bytes, for the result: the bridge plugin does not set it.", z.int()),
  priority: key("Metric, the lowest counts; the kernel's own when absent or not above 0.", z.int()),
  table: key("Number of the routing table; the main one when absent or not above 0.", z.int()),
  scope: key("Scope as a number: 0 universe, 253 link, 254 host; 0 when absent.", z.int()),
});

const attachments = z.array(
  keys({
    containerID: key("ID of a container.", z.string()),
    ifname: key("Name of its interface.", z.string()),
  }),
);

/** Of plugins that masquerade. */
export const ipMasqKeys = {
  ipMasq: key("What containers send out of their subnet has the machine's address; false when absent.", z.boolean()),
  ipMasqBackend: key(
    "What masquerades; nftables when absent or empty, iptables where the kernel has no nf_tables.",
    z.enum(["nftables", "iptables", ""]),
  ),
};

/** MTU of a veth in bytes. */
export const vethMtu = z
  .int()
  .max(65535)
  .refine((bytes) => bytes <= 0 || bytes >= 68, "68 to 65535 bytes");

/** What a runtime puts in for GC, under two names. */
export const attachmentKeys = {
  "cni.dev/valid-attachments": key(
    "Put in by the runtime at GC: the attachments that still exist; null or absent when it does not know.",
    attachments.nullable(),
  ),
  "cni.dev/attachments": key(
    "Older name of cni.dev/valid-attachments, which is looked at first.",
    attachments.nullable(),
  ),
};

export const prevResult = key(
  "Put in by the runtime: the result of the plugin before in the list at ADD, and of the list's ADD at CHECK and DEL.",
  keys({}),
);

/** The object of the keys that the reference lacks: those of every plugin, and a plugin's `own`. */
export const berthKeys = (own: z.ZodRawShape = {}) =>
  key(
    "Keys of berth's own, which the reference passes over.",
    keys({
      log: key("Path of a file that gets a line for each call of the plugin; none when absent or empty.", z.string()),
      logSize: key(
        "Size in bytes beyond which that file is rotated, of which 3 older ones stay; 10 MiB when absent or not above 0.",
        z.int(),
      ),
      ...own,
    }),
  );

/** What every plugin reads but an IPAM plugin: a wrong type is refused, used or not. */
export const commonKeys = {
  ...requestKeys,
  type: key("Name of the plugin: a file in the directories of CNI_PATH.", z.string()),
  capabilities: key(
    "What the runtime may supply in runtimeConfig, by name: true for what is wanted.",
    z.record(z.string(), z.boolean()),
  ),
  dns: key("Settings of the resolver for the result; they replace what the IPAM plugin says.", dns),
  prevResult,
  "cni.dev/valid-attachments": attachmentKeys["cni.dev/valid-attachments"],
  berth: berthKeys(),
};

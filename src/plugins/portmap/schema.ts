/** What portmap reads of a configuration, for the tool and tests. Which keys go together is for backend.ts to say. */
import * as z from "zod";
import { attachmentKeys, commonKeys, ip, key, keys } from "../../spec/schema.ts";

const port = z.int().min(1).max(65_535);

const mapping = keys({
  hostPort: port.describe("Port of the host, 1 to 65535."),
  containerPort: port.describe("Port of the container that it leads to, 1 to 65535."),
  protocol: z
    .string()
    .regex(/^([Tt][Cc][Pp]|[Uu][Dd][Pp]|[Ss][Cc][Tt][Pp])$/, "tcp, udp or sctp")
    .describe("Protocol: tcp, udp or sctp."),
  hostIP: key(
    "Address of the host that the port is on; all when absent or empty, all of a family when 0.0.0.0 or ::.",
    ip,
  ),
});

const conditions = z.array(z.string());

export const schema = keys({
  ...commonKeys,
  "cni.dev/attachments": attachmentKeys["cni.dev/attachments"],
  ipam: key(
    "An IPAM plugin's keys, which portmap does not use.",
    keys({ type: key("Name of that plugin.", z.string()) }),
  ),
  backend: key(
    "What keeps the mappings; nftables when absent, iptables where other keys need it.",
    z.enum(["nftables", "iptables"]),
  ),
  snat: key(
    "What comes from the container's own subnet or from 127.0.0.1 gets the host's address; true when absent.",
    z.boolean(),
  ),
  masqAll: key("With snat: what comes from anywhere gets it; false when absent.", z.boolean()),
  markMasqBit: key(
    "Bit of a packet's mark, 0 to 31, by which iptables knows what gets the host's address; 13 when absent.",
    z.int().min(0).max(31),
  ),
  externalSetMarkChain: key(
    "A chain of others, in iptables' table nat, that sets such a mark; none when absent.",
    z.string(),
  ),
  conditionsV4: key(
    "Further conditions for IPv4 packets, word by word, in iptables' or nft's syntax; none when absent.",
    conditions,
  ),
  conditionsV6: key("The same for IPv6.", conditions),
  runtimeConfig: key(
    "Put in by the runtime: what it supplies of the capabilities.",
    keys({ portMappings: key("The ports to map; none when absent.", z.array(mapping)) }),
  ),
});

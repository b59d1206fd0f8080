/** What the bandwidth plugin reads of a configuration, for the tool and tests. */
import * as z from "zod";
import { attachmentKeys, commonKeys, key, keys } from "../../spec/schema.ts";

const rate = z.int().refine((bits) => bits === 0 || bits >= 8, "0 or at least 8 bits a second");
const burst = z
  .int()
  .max(8 * (2 ** 32 - 1) - 1)
  .refine((bits) => bits === 0 || bits >= 8, "0 or at least 8 bits");

const limits = {
  ingressRate: key("Bits a second to the container; with ingressBurst; no limit when absent or 0.", rate),
  ingressBurst: key("Bits to the container at once after silence; with ingressRate.", burst),
  egressRate: key("Bits a second from the container; with egressBurst; no limit when absent or 0.", rate),
  egressBurst: key("Bits from the container at once after silence; with egressRate.", burst),
};

export const schema = keys({
  ...commonKeys,
  ...attachmentKeys,
  ...limits,
  ipam: key(
    "An IPAM plugin's keys, which bandwidth does not use.",
    keys({ type: key("Name of that plugin.", z.string()) }),
  ),
  runtimeConfig: key(
    "Put in by the runtime: what it supplies of the capabilities.",
    keys({
      bandwidth: key(
        "Capability bandwidth: what counts where the configuration has none of these keys itself.",
        keys(limits),
      ),
    }),
  ),
});

/** What loopback reads of a configuration, for the tool and tests: the keys that all plugins share, of which it uses prevResult. */
import * as z from "zod";
import { commonKeys, key, keys } from "../../spec/schema.ts";

export const schema = keys({
  ...commonKeys,
  ipam: key(
    "An IPAM plugin's keys, which loopback does not use.",
    keys({ type: key("Name of that plugin.", z.string()) }),
  ),
});

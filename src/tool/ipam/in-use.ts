import { attempt } from "../../base/attempt.ts";
import { Explained } from "../../base/explained.ts";
import type { Ip } from "../../base/ip.ts";
import { openSandbox } from "../../host/sandbox.ts";
import type { Attachment } from "../node/attachments.ts";

/** The addresses that an attachment's interface has in its namespace; none where that is not known, or cannot be entered. */
export function addressesInUse({ owner, cached }: Attachment): Ip[] {
  if (cached?.netns === undefined) return [];
  try {
    using sandbox = openSandbox(cached.netns);
    return (
      attempt(() => {
        const link = sandbox.findLink(owner.ifname);
        return link && sandbox.listAddrs(link.index).map(({ prefix }) => prefix.ip);
      }) ?? []
    );
  } catch (error) {
    if (error instanceof Explained) return [];
    throw error;
  }
}

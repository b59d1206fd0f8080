import { assertErrno, EINVAL, EPROTONOSUPPORT, isErrno, type SysError } from "../base/errno.ts";
import { Client } from "../netlink/client.ts";
import { NetlinkError } from "../netlink/error.ts";
import { NETLINK_NETFILTER, openSocket } from "../netlink/socket.ts";
import { tap } from "../netlink/trace.ts";
import { hasTable } from "../nft/find.ts";
import { teller } from "../sys/told.ts";

/** What nft's verbs go over. */
export type { Client };

/** nf_tables of the network namespace that this process runs in, over one nfnetlink socket that is opened when first needed. */
export class Nftables {
  #client: Client | undefined;

  /** What all that is asked of it goes over. Throws SysError. */
  client(): Client {
    this.#client ??= new Client(openSocket(NETLINK_NETFILTER), tap("netfilter"), teller());
    return this.#client;
  }

  /** Why it cannot be used; undefined when it can. */
  failure(): unknown {
    try {
      hasTable(this.client(), "ip", "filter");
      return undefined;
    } catch (error) {
      assertErrno(error);
      return error;
    }
  }

  /** Whether the kernel has none. False also where nobody can say. */
  isLacking(): boolean {
    return isLack(this.failure());
  }

  /** What `ask` answers; on a kernel without nf_tables, which is found out when it fails, what `without` does. */
  orWithout<T>(ask: (client: Client) => T, without: () => T): T {
    try {
      return ask(this.client());
    } catch (error) {
      if (!isLack(error) || !this.isLacking()) throw error;
      return without();
    }
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }
}

/**
 * Whether a failure is what a kernel without nf_tables says: to nfnetlink's socket where that is missing too, else in answer
 * to every question. Nothing else says that nothing of nf_tables can be there: who may not look must not conclude.
 */
export function isLack(failure: unknown): boolean {
  if (failure instanceof NetlinkError) return failure.errno === EINVAL;
  return isErrno(failure, EPROTONOSUPPORT) && (failure as SysError).syscall === "socket";
}

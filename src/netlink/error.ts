import { errnoText } from "../base/errno.ts";

/** The kernel refused a netlink request. */
export class NetlinkError extends Error {
  override readonly name = "NetlinkError";
  readonly errno: number;
  /** What was asked, in the words of the command it equals: `link add veth0`. */
  readonly operation: string;
  /** The kernel's own explanation (extended acknowledgement), if it gave one. */
  readonly kernelText: string | undefined;

  constructor(operation: string, errno: number, kernelText?: string) {
    super(`${operation}: ${errnoText(errno)}${kernelText ? ` (${kernelText})` : ""}`);
    this.operation = operation;
    this.errno = errno;
    this.kernelText = kernelText;
  }
}

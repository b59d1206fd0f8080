import * as sys from "#sys";
import {
  assertErrno,
  EACCES,
  EIO,
  ELOOP,
  ENAMETOOLONG,
  ENODEV,
  ENOENT,
  ENOTDIR,
  ENXIO,
  ESRCH,
  errnoOf,
  errnoText,
  isErrno,
} from "../base/errno.ts";
import { Explained } from "../base/explained.ts";
import { CLONE_NEWNET, O } from "../sys/flags.ts";
import { type Namespace, OpenNamespace } from "./namespace.ts";

/** A container's network namespace, held open: it cannot vanish or be another one while in use. */
export interface Sandbox extends Namespace {
  /** As CNI_NETNS has it. */
  readonly path: string;
  /** For IFLA_NET_NS_FD. */
  readonly fd: number;
}

/** Opens CNI_NETNS. Throws Explained when it is missing or is no network namespace. */
export function openSandbox(path: string): Sandbox {
  const fd = openFile(path);
  const type = sys.namespaceType(fd);
  if (type !== CLONE_NEWNET) {
    const magic = sys.fsMagic(fd);
    sys.close(fd);
    throw noNetns(path, type, magic);
  }
  return new OpenSandbox(path, fd);
}

/** The file system of namespaces (linux/magic.h). */
const NSFS_MAGIC = 0x6e736673;

function noNetns(path: string, type: number | undefined, magic: number): Explained {
  const details =
    "CNI_NETNS must name a network namespace: /proc/PID/ns/net or a bind mount of one (ip netns add NAME makes /run/netns/NAME)";
  const failed = (what: string, cause?: unknown) =>
    new Explained(`failed to open netns "${path}": ${what}`, details, cause);
  if (type !== undefined) return failed("it is a namespace of another kind");
  if (magic !== NSFS_MAGIC) return failed(`unknown FS magic on "${path}": ${magic.toString(16)}`);
  // A namespace of which the kernel would not say the kind: nobody has seen that it is gone.
  return failed("its kind cannot be seen", { errno: EIO });
}

class OpenSandbox extends OpenNamespace implements Sandbox {
  readonly path: string;
  readonly fd: number;

  constructor(path: string, fd: number) {
    super((fn) => sys.inNetns(fd, fn), path);
    this.path = path;
    this.fd = fd;
  }

  override close(): void {
    super.close();
    sys.close(this.fd);
  }
}

function openFile(path: string): number {
  try {
    // Without O_NONBLOCK a FIFO in its place would hold us for ever.
    return sys.open(path, O.RDONLY | O.NONBLOCK);
  } catch (error) {
    assertErrno(error);
    throw new Explained(`failed to open netns "${path}": ${errnoText(errnoOf(error) ?? 0)}`, remedyFor(error), error);
  }
}

function remedyFor(error: unknown): string {
  if (isErrno(error, ENOENT))
    return "CNI_NETNS names a namespace that does not exist (any more): has the container ended?";
  return isErrno(error, EACCES) ? "does the plugin run as root?" : "";
}

/** That there is nothing, or something that was never a namespace. Who may not look (EACCES, EMFILE …) has not seen that. */
const GONE = [ENOENT, ESRCH, ENOTDIR, ENAMETOOLONG, ELOOP, ENXIO, ENODEV];

/**
 * Opens CNI_NETNS for taking down: one that is empty, missing or no namespace is gone, and its interfaces with it.
 * `warn` is told, except of an empty one, which says so itself. Throws Explained when that cannot be seen.
 */
export function openSandboxIfThere(path: string, warn: (line: string) => void): Sandbox | undefined {
  if (path === "") return undefined;
  try {
    return openSandbox(path);
  } catch (error) {
    if (!(error instanceof Explained)) throw error;
    if (errnoOf(error.cause) !== undefined && !isErrno(error.cause, ...GONE)) throw error;
    warn(`${error.message}: taken as gone`);
    return undefined;
  }
}

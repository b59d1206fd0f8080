/** The extended attribute of a lease: what the reference's format has no room for. Pure. */

/** Invisible to other tools, gone with the file (DESIGN §5). */
export const XATTR = "user.berth";

/** The attachment that a lease was made for. An absent field is unknown. */
export interface Origin {
  /** The boot it was made in: the first 12 digits of the kernel's random boot id. */
  readonly boot: string;
  /** Cookie of the network namespace that the plugin ran in, decimal. */
  readonly host?: string | undefined;
  /** CLOCK_BOOTTIME of the ADD, seconds, with milliseconds. Never before the lease was made. */
  readonly time: number;
  /** The host's end of the link; absent until it exists, and with a foreign main plugin. */
  readonly veth?: { readonly name: string; readonly index: number } | undefined;
  /** Cookie of the container's network namespace, decimal. */
  readonly sandbox?: string | undefined;
  /** Kinds of rules that the ADD made (AttachedLink.rules), a letter each. Absent: none, or the ADD of an older berth. */
  readonly rules?: string | undefined;
  /** Kubernetes "namespace/name". */
  readonly pod?: string | undefined;
}

/**
 * `v1 b=4f6c2a9be01d n=1 t=86400.123 h=veth1a2b3c4d i=17 c=4711 r=s p=default/web-0`: all but the pod fits into an ext4 inode.
 * A pod that is not two Kubernetes names is left out.
 */
export function encodeOrigin(origin: Origin): string {
  const { boot, host, time, veth, sandbox, rules, pod } = origin;
  let text = `v1 b=${boot}`;
  if (host !== undefined) text += ` n=${host}`;
  text += ` t=${time}`;
  if (veth) text += ` h=${veth.name} i=${veth.index}`;
  if (sandbox !== undefined) text += ` c=${sandbox}`;
  if (rules) text += ` r=${rules}`;
  if (pod !== undefined && /^[a-zA-Z0-9.-]{1,253}\/[a-zA-Z0-9.-]{1,253}$/.test(pod)) text += ` p=${pod}`;
  return text;
}

/** The reverse; undefined when the text is of another version or lacks the boot or the time. */
export function decodeOrigin(text: string): Origin | undefined {
  const [version, ...words] = text.split(" ");
  if (version !== "v1") return undefined;
  const fields = new Map(words.map((word) => [word.slice(0, 2), word.slice(2)]));
  const boot = fields.get("b=");
  const time = decimal(fields.get("t="));
  if (!boot || time === undefined) return undefined;
  const name = fields.get("h=");
  const index = ifindex(fields.get("i="));
  return {
    boot,
    time,
    host: fields.get("n="),
    veth: name && index !== undefined ? { name, index } : undefined,
    sandbox: fields.get("c="),
    rules: fields.get("r="),
    pod: fields.get("p="),
  };
}

/** The kernel's are positive ints. */
function ifindex(text: string | undefined): number | undefined {
  const index = decimal(text);
  return index && Number.isInteger(index) && index <= 0x7fffffff ? index : undefined;
}

function decimal(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}(\.\d{1,3})?$/.test(text) ? Number(text) : undefined;
}

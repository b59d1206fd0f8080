/** Something that is wrong on this node, as `berth doctor` and `berth explain` tell it. */
export interface Finding {
  /** error: calls fail or traffic is lost. warning: they will or may. */
  readonly severity: "error" | "warning";
  /** What is wrong, by the name that its user knows: "bridge cni0 is down". */
  readonly what: string;
  /** What was seen, and where: "cni0: state DOWN (ip link show cni0)". */
  readonly evidence: string;
  /** What comes of it: "no container of network mynet reaches its gateway". */
  readonly consequence: string;
  /** Shell commands that mend it, in order, as they can be pasted. */
  readonly mend: readonly string[];
}

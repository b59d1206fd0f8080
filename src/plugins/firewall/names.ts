/** Chains of iptables' table filter, and its targets, that cannot be the operator's: those of the kernel and of this plugin. */
export const RESERVED_CHAINS: readonly string[] = [
  ...["INPUT", "FORWARD", "OUTPUT", "ACCEPT", "DROP", "RETURN", "QUEUE"],
  ...["CNI-FORWARD", "CNI-PUBLISHED", "CNI-ISOLATION-STAGE-1", "CNI-ISOLATION-STAGE-2"],
];

/** What containers may be sent, as a network wants it. */
export interface FirewallWish {
  /** What keeps the rules; absent: firewalld where it runs, else iptables. */
  readonly backend?: "iptables" | "firewalld";
  /** The chain of the operator's own rules, which go before those of containers. */
  readonly adminChain: string;
  /** The zone of firewalld that containers are in. */
  readonly zone: string;
  /** Absent: everybody may send to the containers. */
  readonly isolation?: Isolation;
}

/** What goes between a bridge and others is dropped; with "isolated" also what its own containers send each other. */
export interface Isolation {
  readonly bridge: string;
  readonly policy: "same-bridge" | "isolated";
}

/** Whom an interface, an address or a rule belongs to: one attachment of a container to a network. */
export interface Owner {
  readonly network: string;
  readonly containerId: string;
  readonly ifname: string;
}

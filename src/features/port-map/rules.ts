import { boottime } from "#sys";
import { assertErrno, messageOf } from "../../base/errno.ts";
import type { Prefix } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import type { Face, Host } from "../../host/host.ts";
import type { Client, Nftables } from "../../host/nft.ts";
import type { Element } from "../../nft/objects.ts";
import { addByIptables, checkByIptables, gcByIptables, removeFromLegacy, removeFromNftables } from "./iptables.ts";
import { enableLocalnet, isLocalnet, type Localnet, localnetTo } from "./localnet.ts";
import { addPortMap, gcPortMap, type Links, removePortMap } from "./nft.ts";
import { checkPortMap } from "./nft-check.ts";
import { FAMILIES } from "./nft-layout.ts";
import { restorePortMap } from "./nft-restore.ts";
import { slotsOf, wantedOf } from "./nft-wanted.ts";
import { FIRST, hasReferencePortMap, removeReferencePortMap } from "./reference.ts";
import { forgetFlows, forgetOthersFlows, forgetStrayFlows } from "./udp.ts";
import type { PortMapping, PortMapWish } from "./wish.ts";

/** An attachment that ports lead to. */
export interface Target {
  readonly owner: Owner;
  /** The host's end of its link; "" where it is not known. */
  readonly port: string;
  /** One of each family at most. */
  readonly addresses: readonly Prefix[];
}

/** Says something to the operator. */
type Warn = (line: string) => void;

type Means = Pick<Host, "ask" | "findLink" | "enter">;

/** The port mappings of attachments on this host. */
export class PortMap {
  readonly #nft: Face<Nftables>;
  readonly #host: Means;

  constructor(nft: Face<Nftables>, host: Means) {
    this.#nft = nft;
    this.#host = host;
  }

  /** Maps the ports. Returns, for people, what living others lose by it. Throws NetlinkError, Explained. */
  add(target: Target, wish: PortMapWish, warn: Warn): string[] {
    const localnet = this.#localnet(target, wish);
    const client = this.#nft.client();
    const displaced = this.#map(client, target, wish, localnet);
    if (localnet) enableLocalnet(this.#host, localnet);
    forgetting(warn, () => {
      for (const wanted of wantedOf(wish, target.addresses)) forgetOthersFlows(client, this.#host, wanted);
    });
    return [...new Set(displaced.map(({ comment = "" }) => comment))];
  }

  #map(client: Client, target: Target, wish: PortMapWish, localnet: Localnet | undefined): Element[] {
    const { owner, addresses } = target;
    if (!wish.iptables) return addPortMap(client, owner, wish, addresses, this.#links(target, localnet));
    addByIptables(owner, { ...wish, iptables: wish.iptables }, addresses);
    return [];
  }

  /** Removes all that there is, the reference's as well; `mappings` make it quicker. Absent is success. Throws NetlinkError. */
  remove(owner: Owner, mappings: readonly PortMapping[], warn: Warn): void {
    const unmapped = this.#nft.orWithout(
      (client) => {
        const own = removePortMap(client, owner, mappings, this.#isAlive);
        removeReferencePortMap(client, owner);
        if (owner.ifname !== FIRST) removeFromNftables(client, owner);
        forgetting(warn, () => forgetFlows(client, own));
        return own;
      },
      () => [],
    );
    removeFromLegacy(owner);
    // What the mappings of berth's own tables had is forgotten by now. This is about what iptables had: not both have had some.
    const udp = mappings.filter(({ protocol }) => protocol === "udp");
    if (udp.length === 0 || unmapped.length > 0) return;
    forgetting(warn, () => {
      for (const family of FAMILIES) forgetStrayFlows(this.#nft.client(), this.#host, family, slotsOf(family, udp));
    });
  }

  /** What is missing, in words; undefined when all is there. What the reference made is left as it is. */
  check(target: Target, wish: PortMapWish): string | undefined {
    const client = this.#nft.client();
    const { iptables } = wish;
    const missing = iptables
      ? checkByIptables(target.owner, { ...wish, iptables }, target.addresses)
      : checkPortMap(client, target.owner, wish, target.addresses);
    const isReferences = missing !== undefined && !iptables && hasReferencePortMap(client, target.owner);
    if (missing !== undefined) return isReferences ? undefined : missing;
    const localnet = this.#localnet(target, wish);
    if (!localnet || isLocalnet(this.#host, localnet)) return undefined;
    return `sysctl net.ipv4.conf.${localnet.name}.route_localnet is not 1`;
  }

  /** Puts back what is missing, and says what that was; undefined when all was there. */
  restore(target: Target, wish: PortMapWish): string | undefined {
    const localnet = this.#localnet(target, wish);
    const missing = this.#restore(target, wish, localnet);
    if (localnet) enableLocalnet(this.#host, localnet);
    return missing;
  }

  #restore(target: Target, wish: PortMapWish, localnet: Localnet | undefined): string | undefined {
    const { owner, addresses } = target;
    const { iptables } = wish;
    if (!iptables) return restorePortMap(this.#nft.client(), owner, wish, addresses, this.#links(target, localnet));
    const missing = checkByIptables(owner, { ...wish, iptables }, addresses);
    if (missing !== undefined) addByIptables(owner, { ...wish, iptables }, addresses);
    return missing;
  }

  /** Removes the mappings of all owners of the network but those alive, of whom it asks when it has seen the mappings. */
  gc(network: string, wish: PortMapWish, alive: () => readonly Owner[], warn: Warn): void {
    this.#nft.orWithout(
      (client) => {
        const unmapped = gcPortMap(client, network, alive, this.#isAlive);
        forgetting(warn, () => forgetFlows(client, unmapped));
      },
      () => {},
    );
    if (wish.iptables) gcByIptables(network, alive);
  }

  #localnet({ addresses }: Target, { snat }: PortMapWish): Localnet | undefined {
    const v4 = addresses.find(({ ip }) => ip.length === 4);
    return snat && v4 ? localnetTo(this.#host, v4.ip) : undefined;
  }

  #links({ port }: Target, localnet: Localnet | undefined): Links {
    const link = port === "" ? 0 : (this.#host.findLink(port)?.index ?? 0);
    return { link, now: boottime(), localnet, isAlive: this.#isAlive };
  }

  readonly #isAlive = (link: number): boolean => this.#host.findLink(link) !== undefined;
}

/** The mappings are what they are to be, whatever conntrack remembers. */
function forgetting(warn: Warn, work: () => void): void {
  try {
    work();
  } catch (error) {
    assertErrno(error);
    warn(`UDP clients that keep their port may go on as before for some minutes: ${messageOf(error)}`);
  }
}

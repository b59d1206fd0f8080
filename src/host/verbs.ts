/** What a plugin does to links, addresses, routes and neighbours: rtnl's verbs, and the values they give. */
export {
  type Addr,
  addAddr,
  deleteAddr,
  ensureAddr,
  IFA_F_DADFAILED,
  IFA_F_NODAD,
  IFA_F_TENTATIVE,
} from "../rtnl/addr.ts";
export type { Dev } from "../rtnl/dev.ts";
export {
  addBridge,
  addVeth,
  deleteLink,
  IFF_LOWER_UP,
  IFF_PROMISC,
  IFF_UP,
  setAlias,
  setDown,
  setMac,
  setMaster,
  setNoLinkLocal,
  setPort,
  setPromisc,
  setUp,
  setUpNotifying,
  setUpPort,
} from "../rtnl/link.ts";
export { forgetNeigh } from "../rtnl/neigh.ts";
export type { Link } from "../rtnl/read-link.ts";
export { addRoute, deleteRoute, type Route, TABLE_LOCAL } from "../rtnl/route.ts";
export { AF_INET, AF_INET6, addressFamily, IN6_ADDR_GEN_MODE_EUI64 } from "../rtnl/tables.ts";

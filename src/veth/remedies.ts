/** What the kernel refuses IPv6 below of. */
export const IPV6_MIN_MTU = 1280;

export const NO_IPV6 =
  "the kernel has no IPv6 (ipv6.disable=1): remove the IPv6 range from the network, or boot with IPv6";

/** What helps where the kernel says EPERM. */
export const ROOT = "does the plugin run as root (CAP_NET_ADMIN)?";

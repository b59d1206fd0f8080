import { CniError, INVALID_CONFIG, INVALID_ENVIRONMENT } from "./errors.ts";

/**
 * Longest network name in bytes: that of a file, which the directory of the leases is. What else is made from it, is made
 * from a hash of it or cut (rules, sets, chains, aliases).
 */
export const NETWORK_NAME_LIMIT = 255;

/**
 * Longest container ID in bytes. The spec has no limit and runtimes use 64; what carries it in full (a lease, its
 * attribute of at most one file system block) works up to this.
 */
export const CONTAINER_ID_LIMIT = 1024;

/**
 * Refuses what nothing could be made for. Only for ADD: a DEL must be able to free what another plugin made.
 * @throws CniError 7 (name), 4 (container ID); both must be valid identifiers, so characters are bytes
 */
export function assertLimits(network: string, containerId: string): void {
  if (network.length > NETWORK_NAME_LIMIT) {
    throw new CniError(
      INVALID_CONFIG,
      `network name is too long: ${network.length} characters, at most ${NETWORK_NAME_LIMIT} are possible`,
      `shorten "name" in the network configuration: ${network}`,
    );
  }
  if (containerId.length > CONTAINER_ID_LIMIT) {
    throw new CniError(
      INVALID_ENVIRONMENT,
      `containerID is too long: ${containerId.length} characters, at most ${CONTAINER_ID_LIMIT} are possible`,
      `CNI_CONTAINERID starts with ${containerId.slice(0, 64)}`,
    );
  }
}

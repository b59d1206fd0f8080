/** The bundle "nft-upkeep": what masquerading needs now and then. */
export { gcMasquerade } from "./masquerade-gc.ts";
export { restoreMasquerade } from "./masquerade-restore.ts";
export { sweepMasquerade } from "./masquerade-sweep.ts";

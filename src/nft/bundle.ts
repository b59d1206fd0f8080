/** The bundle "nft": masquerading, which not every network wants. */
export { addMasquerade } from "./masquerade.ts";
export { checkMasquerade } from "./masquerade-check.ts";
export { removeMasquerade } from "./masquerade-remove.ts";

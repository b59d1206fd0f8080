/** The bundle "skel": what every call but VERSION needs. */
export { errorJson } from "./failure.ts";
export { perform } from "./perform.ts";

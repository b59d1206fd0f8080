/** A port to map, and what is mapped. */
import type { Lab } from "../../support/lab.ts";
import { portMapElements } from "../../support/port-map.ts";
import type { Mapping } from "../../support/port-net.ts";

export const WEB: Mapping = { hostPort: 8080, containerPort: 80, protocol: "tcp" };

/** What is mapped, whatever else there is. */
export const mapped = (lab: Lab) =>
  portMapElements(lab, "ports", "addresses", "waiting", "holders", "sources-24", "sources-32");

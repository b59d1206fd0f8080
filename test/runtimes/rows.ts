/** All rows of docs/runtimes.md, in its order. */
import { BUILDS } from "./buildkit.ts";
import { CNITOOL } from "./cnitool.ts";
import { CRI } from "./cri.ts";
import { CTR } from "./ctr.ts";
import type { Row } from "./flow.ts";
import { LISTS } from "./libcni.ts";
import { PODMAN } from "./podman.ts";

export const ROWS: readonly Row[] = [...CRI, ...CTR, ...PODMAN, ...BUILDS, ...CNITOOL, ...LISTS];

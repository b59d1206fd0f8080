/** A few rounds of what `npm run kills` does twenty of. */
import { expect } from "bun:test";
import { inLab } from "../support/lab.ts";
import { namespaces, needs, nftables } from "../support/needs.ts";
import { Upheaval } from "../support/service/upheaval.ts";

/** Another in each run; it is in the message of a failure. */
const SEED = Math.floor(Math.random() * 2 ** 32);

needs(namespaces, nftables)(
  "whenever berthd is killed or stopped, and whatever it missed, the kernel comes to what the files say, without ghosts",
  inLab(async (lab) => {
    const upheaval = new Upheaval(lab, SEED);
    try {
      await upheaval.begin();
      for (let i = 0; i < 3; i++) {
        const { fate } = await upheaval.round();
        expect([SEED, i, fate, ...upheaval.differences()]).toEqual([SEED, i, fate]);
      }
    } finally {
      upheaval.end();
    }
  }),
);

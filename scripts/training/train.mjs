// Makes calls with the unfinished executable, which notes what of its memory they use (runtime/src/snapshot/training.rs):
// the same in each build, since the kernel's answers are those of replies.txt (record.mjs) and clocks stand still.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environment, isUsual, LIVES, live } from "./calls.mjs";

const REPLIES = new URL("replies.txt", import.meta.url);

/** What the kernel said at each call, one message after the other. */
function recorded() {
  const calls = readFileSync(REPLIES, "utf8").split(/^# /m).slice(1);
  return new Map(
    calls.map((text) => {
      const [label, ...messages] = text.trimEnd().split("\n");
      return [label, Buffer.from(messages.join(""), "hex")];
    }),
  );
}

/**
 * Trains `executable` in `directory`, where what it learns is added to `file`; `runner`, QEMU's emulator of programs and its
 * options, runs it where it is another machine's. Returns what failed: recorded answers that do not go with what is asked any
 * more leave the rest of a call untrained, and its pages less well laid out.
 */
export function train(executable, directory, file, runner = []) {
  const bin = join(directory, "bin");
  mkdirSync(bin);
  for (const plugin of ["bridge", "host-local"]) symlinkSync(executable, join(bin, plugin));
  const replies = join(directory, "replies");
  const answers = recorded();
  const failures = [];
  const call = (label, plugin, verb, conf, id = "") => {
    writeFileSync(replies, answers.get(label) ?? "");
    const training = isUsual(id) ? file : join(directory, "unusual");
    const env = { ...environment(verb, id, "/dev/null", bin), BERTH_TRAINING: training, BERTH_REPLIES: replies };
    const input = JSON.stringify(conf);
    const path = join(bin, plugin);
    const [emulator, ...words] = runner;
    // The emulator is told the program's name in its own words.
    const [command, args, argv0] = emulator ? [emulator, [...words, "-0", plugin, path], emulator] : [path, [], plugin];
    const { status, stdout, stderr } = spawnSync(command, args, {
      argv0,
      env,
      input,
      encoding: "utf8",
    });
    if (status !== 0) failures.push(`${label}: ${stdout}${stderr}`);
    return stdout;
  };
  call("VERSION", "bridge", "VERSION", {});
  for (const one of LIVES) {
    for (let time = 0; time < one.times; time++) live(one, join(directory, `${time}`), call);
  }
  return failures;
}

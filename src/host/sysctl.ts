import * as sys from "#sys";
import { attempt } from "../base/attempt.ts";
import { assertErrno, ENOENT, errnoOf, errnoText, isErrno } from "../base/errno.ts";
import { Explained } from "../base/explained.ts";
import { O } from "../sys/flags.ts";
import { type Teller, teller } from "../sys/told.ts";

/** Sysctls of the network namespace this thread is in. Keys are paths under /proc/sys, so that dots in names survive. */
export interface Sysctls {
  /** The value without its newline; undefined when there is no such sysctl. */
  read(key: string): string | undefined;
  /** Sets a value, unless it is set already. Throws Explained if it cannot be and is not. */
  write(key: string, value: string): void;
  /** Sets a value, whatever it is: some do something each time. Throws SysError. */
  put(key: string, value: string): void;
  /** Whether a value could be set, as far as the file says. */
  isWritable(key: string): boolean;
  /** Sets a value if it can be. */
  tryWrite(key: string, value: string): void;
}

const sysctls: Sysctls = {
  read(key) {
    try {
      return sys.readFile(`/proc/sys/${key}`).trim();
    } catch (error) {
      if (isErrno(error, ENOENT)) return undefined;
      throw error;
    }
  },
  write(key, value) {
    if (sysctls.read(key) === value) return;
    try {
      sys.writeFile(`/proc/sys/${key}`, value);
    } catch (error) {
      assertErrno(error);
      throw new Explained(
        `cannot set sysctl ${key.replaceAll("/", ".")} to ${value}: ${errnoText(errnoOf(error) ?? 0)}`,
        `set it before containers start (sysctl -w ${key.replaceAll("/", ".")}=${value}), or give the plugin a writable /proc/sys`,
        error,
      );
    }
  },
  put(key, value) {
    sys.writeFile(`/proc/sys/${key}`, value);
  },
  isWritable(key) {
    try {
      sys.close(sys.open(`/proc/sys/${key}`, O.WRONLY));
      return true;
    } catch (error) {
      assertErrno(error);
      return false;
    }
  },
  tryWrite(key, value) {
    attempt(() => sys.writeFile(`/proc/sys/${key}`, value));
  },
};

/** Those of the namespace of the path `netns`, undefined for this process's own, with this thread in it. */
export function sysctlsOf(netns: string | undefined): Sysctls {
  const told = teller(netns);
  return told === undefined ? sysctls : toldSysctls(told);
}

function toldSysctls(told: Teller): Sysctls {
  const tell = (key: string, value: string) => told(`sysctl -w ${key.replaceAll("/", ".")}=${value}`);
  const changed = (change: Sysctls["write"]) => (key: string, value: string) => {
    const before = sysctls.read(key);
    change(key, value);
    if (before !== value) tell(key, value);
  };
  return { ...sysctls, write: changed(sysctls.write), put: changed(sysctls.put), tryWrite: changed(sysctls.tryWrite) };
}

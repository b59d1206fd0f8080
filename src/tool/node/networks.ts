import { readFile } from "#sys";
import { messageOf } from "../../base/errno.ts";
import { anyObject, array, decode, goObject, string } from "../../spec/decode.ts";
import { namesIn } from "./files.ts";

/** A network as a file of the node configures it. */
export interface Network {
  readonly name: string;
  /** As written; undefined where the file has none. */
  readonly cniVersion: string | undefined;
  /** The plugins' configurations, unchecked. */
  readonly plugins: readonly object[];
  /** The whole, as parsed. */
  readonly config: object;
}

/** A file of the configuration directory. */
export interface ConfFile {
  readonly path: string;
  /** What is in it; undefined where it cannot be read. */
  readonly text: string | undefined;
  /** Undefined where it is no network configuration: `wrong` says why then. */
  readonly network: Network | undefined;
  /** Why it is none; undefined where it is one. */
  readonly wrong: string | undefined;
}

/** Where containerd, CRI-O and libcni look by default. */
export const CONF_DIRECTORY = "/etc/cni/net.d";

const listSchema = goObject({ name: string, cniVersion: string, plugins: array(anyObject), type: string });

/** The files of a configuration directory that runtimes look at, by name: .conflist, .conf, .json. Throws SysError. */
export function readConfFiles(directory: string): ConfFile[] {
  const names = namesIn(directory).filter((name) => /\.(conflist|conf|json)$/.test(name));
  return names.map((name) => readConfFile(`${directory}/${name}`));
}

function readConfFile(path: string): ConfFile {
  let text: string | undefined;
  try {
    text = readFile(path);
    return { path, text, network: networkOf(JSON.parse(text)), wrong: undefined };
  } catch (error) {
    return { path, text, network: undefined, wrong: messageOf(error) };
  }
}

/** A list, or the one plugin of a file that is none. Throws CniError. */
function networkOf(config: object): Network {
  const { name = "", cniVersion, plugins, type } = decode(listSchema, config);
  if (name === "") throw new Error('"name" is missing: the network has none');
  if (plugins === undefined && type === undefined) throw new Error('"plugins" is missing: it is no network list');
  return { name, cniVersion, plugins: plugins ?? [config], config };
}

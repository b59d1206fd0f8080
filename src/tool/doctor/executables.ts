/** The programs that the networks' lists name. */
import type { Finding } from "../finding.ts";
import { nameOfType } from "../schemas.ts";
import type { Executable, Facts, NetworkFacts } from "./facts.ts";
import { putAside, rewrite, withValue } from "./text/json-edit.ts";
import { command } from "./text/shell.ts";

export function checkExecutables(facts: Facts): Finding[] {
  const found = facts.executables.flatMap((one) => missing(one, facts) ?? unusable(one, facts) ?? versions(one, facts));
  return [...checkDirectories(facts), ...found];
}

/** CNI_PATH has no directory that is there. */
function checkDirectories({ directories, executables, places }: Facts): Finding[] {
  if (directories.some(({ isThere }) => isThere)) return [];
  const elsewhere = executables.find((one) => one.elsewhere !== undefined)?.elsewhere;
  const given = directories.map(({ path }) => path).join(":");
  return [
    {
      severity: "error",
      what: `CNI_PATH leads to no directory: ${given}`,
      evidence: directories.map(({ path }) => `ls ${path}: no such directory`).join("; "),
      consequence: "no plugin is found, and no container gets a network",
      mend:
        elsewhere === undefined ? installed(directories[0]?.path ?? "", executables, places.self) : exported(elsewhere),
    },
  ];
}

function exported(elsewhere: string): string[] {
  const right = elsewhere.slice(0, elsewhere.lastIndexOf("/"));
  return [
    command("export", `CNI_PATH=${right}`),
    "# and in what starts the runtime: containerd's bin_dir, CRI-O's plugin_dirs",
  ];
}

function installed(directory: string, executables: readonly Executable[], self: string): string[] {
  const own = executables.filter(({ type }) => nameOfType(type) !== undefined);
  return [command("mkdir", "-p", directory), ...own.map(({ type }) => command("cp", self, `${directory}/${type}`))];
}

const usersOf = ({ type }: Executable, { networks }: Facts): NetworkFacts[] =>
  networks.filter(({ file, types }) => file && types.includes(type));

const namesOf = (networks: readonly NetworkFacts[]): string => networks.map(({ name }) => name).join(", ");

function missing(one: Executable, facts: Facts): Finding[] | undefined {
  if (one.path !== undefined) return undefined;
  const users = usersOf(one, facts);
  const [directory] = facts.directories.filter(({ isThere }) => isThere);
  // That there is no directory at all is told once.
  if (users.length === 0 || !directory) return [];
  return [
    {
      severity: "error",
      what: `plugin ${one.type} is not installed`,
      evidence: `${facts.places.path.map((path) => `${path}/${one.type}`).join(", ")}: no such file; ${users[0]?.file?.path} names it`,
      consequence: `no container gets into network ${namesOf(users)}`,
      mend: mendMissing(one, facts, directory.path, users),
    },
  ];
}

function mendMissing(
  { type, elsewhere }: Executable,
  { places }: Facts,
  directory: string,
  users: readonly NetworkFacts[],
): string[] {
  const target = `${directory}/${type}`;
  if (elsewhere !== undefined) return [command("cp", elsewhere, target)];
  if (nameOfType(type) !== undefined) return [command("cp", places.self, target)];
  const files = users.flatMap(({ file }) => file?.path ?? []);
  return [`# install ${type} in ${directory}, or take what needs it out of use:`, ...files.map(putAside)];
}

function unusable(one: Executable, facts: Facts): Finding[] | undefined {
  const { path = "", canRun, kind, fits, type } = one;
  const consequence = `no container gets into network ${namesOf(usersOf(one, facts))}`;
  const isOwn = nameOfType(type) !== undefined;
  const replace = isOwn
    ? [command("cp", "--remove-destination", facts.places.self, path)]
    : [
        `# install ${type} for this machine in its place, or take what needs it out of use:`,
        ...usersOf(one, facts).flatMap(({ file }) => putAside(file?.path ?? "")),
      ];
  const error = (what: string, evidence: string, mend: string[]): Finding[] => [
    { severity: "error", what, evidence, consequence, mend },
  ];
  if (kind === undefined)
    return error(`${path} is no program`, `it begins neither as ELF nor with #! (file ${path})`, replace);
  if (!fits) return error(`${path} is for another architecture`, `it is for ${kind} (file ${path}; uname -m)`, replace);
  if (canRun) return undefined;
  return error(`${path} may not be executed`, `its mode has no x (ls -l ${path})`, [command("chmod", "+x", path)]);
}

/** A list that is newer than the plugin, or than anything the plugin says. */
function versions(one: Executable, facts: Facts): Finding[] {
  const { path = "", type, versions: spoken } = one;
  const users = usersOf(one, facts);
  if (spoken === undefined) {
    return [
      {
        severity: "error",
        what: `${path} does not say which versions it speaks`,
        evidence: `CNI_COMMAND=VERSION ${path} prints no supportedVersions`,
        consequence: `runtimes that ask first (podman) refuse network ${namesOf(users)}; it is no CNI plugin, or broken`,
        mend: [
          `# install ${type} anew, or take what needs it out of use:`,
          ...users.flatMap(({ file }) => putAside(file?.path ?? "")),
        ],
      },
    ];
  }
  return users
    .filter(({ cniVersion }) => !spoken.includes(cniVersion))
    .map((network) => tooNew(one, spoken, network, facts));
}

function tooNew(one: Executable, spoken: readonly string[], network: NetworkFacts, facts: Facts): Finding {
  const { name, file, cniVersion, types } = network;
  const common = facts.executables
    .filter(({ type }) => types.includes(type))
    .reduce((all, { versions: some = all }) => all.filter((version) => some.includes(version)), [...spoken]);
  const newest = common.at(-1);
  const path = file?.path ?? "";
  const config = withValue(file?.network?.config, ["cniVersion"], newest);
  const replace = [`"${cniVersion}"`, `"${newest}"`] as const;
  return {
    severity: "error",
    what: `plugin ${one.type} does not speak version ${cniVersion} of network ${name}`,
    evidence: `${path} has cniVersion ${cniVersion}; CNI_COMMAND=VERSION ${one.path}: ${spoken.join(", ")}`,
    consequence: `incompatible CNI versions: no container gets into network ${name}`,
    mend:
      newest === undefined
        ? [`# install a newer ${one.type}, or take the network out of use:`, putAside(path)]
        : [`# a newer ${one.type} would do as well:`, rewrite(path, file?.text ?? "", config, replace)],
  };
}

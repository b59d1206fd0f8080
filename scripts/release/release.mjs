// npm run release: packs what is built into dist/release: berth-VERSION-linux-ARCH.tgz, laid out as the reference's
// archives are (the plugins at its top), and its SHA-256. For each of dist/bin and dist/arm64/bin that is there. The same
// commit gives the same bytes.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { components } from "./contents.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const RELEASE = join(ROOT, "dist/release");
const { version, license } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** By e_machine of the executable (elf.h). */
const MACHINES = {
  62: { arch: "amd64", triple: "x86_64-unknown-linux-musl" },
  183: { arch: "arm64", triple: "aarch64-unknown-linux-musl" },
};

function run(command, args, options) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: ROOT, encoding: "utf8", ...options });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? stderr}`);
  return stdout.trim();
}

/** CycloneDX 1.6, without what would be another in each build (a serial number, the time). */
function sbom(parts) {
  const part = ({ name, version, licence, purl }) => ({
    type: "library",
    name,
    version,
    licenses: [{ expression: licence }],
    ...(purl && { purl }),
  });
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: { type: "application", name: "berth", version, licenses: [{ expression: license }] } },
    components: parts.map(part),
  };
}

/** What is linked in, and its terms: each text once. */
function licences(parts) {
  const list = parts.map(({ name, version, licence }) => `${name} ${version}: ${licence}`);
  const texts = [...new Set(parts.flatMap(({ texts }) => texts))];
  const rule = `\n\n${"-".repeat(80)}\n\n`;
  return [`berth ${version} (${license}, see LICENSE) is linked with:\n\n${list.join("\n")}`, ...texts].join(rule);
}

function pack(bin) {
  const machine = MACHINES[readFileSync(join(bin, "berth")).readUInt16LE(18)];
  if (!machine) throw new Error(`${bin}/berth is of no machine that there is an archive for`);
  const name = `berth-${version}-linux-${machine.arch}.tgz`;
  const place = mkdtempSync(join(tmpdir(), "berth-release-"));
  try {
    cpSync(bin, place, { recursive: true, verbatimSymlinks: true });
    const parts = components(machine.triple);
    for (const file of ["LICENSE", "README.md"]) cpSync(join(ROOT, file), join(place, file));
    writeFileSync(join(place, "LICENSES.txt"), `${licences(parts)}\n`);
    writeFileSync(join(place, "sbom.cdx.json"), `${JSON.stringify(sbom(parts), null, 2)}\n`);
    const time = run("git", ["log", "-1", "--format=%ct"]);
    const same = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX", `--mtime=@${time}`];
    const archive = join(RELEASE, name);
    run("tar", [...same, "--format=gnu", "--use-compress-program=gzip -n9", "-cf", archive, "-C", place, "."]);
    const hash = createHash("sha256").update(readFileSync(archive)).digest("hex");
    writeFileSync(`${archive}.sha256`, `${hash}  ${name}\n`);
    console.log(`${hash}  dist/release/${name}`);
  } finally {
    rmSync(place, { recursive: true });
  }
}

const built = ["dist/bin", "dist/arm64/bin"]
  .map((bin) => join(ROOT, bin))
  .filter((bin) => existsSync(join(bin, "berth")));
if (built.length === 0) {
  console.error("release: nothing is built: npm run build");
  process.exit(1);
}
rmSync(RELEASE, { recursive: true, force: true });
mkdirSync(RELEASE, { recursive: true });
for (const bin of built) pack(bin);

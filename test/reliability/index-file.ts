/** Whether an index says what the lease directory says: DESIGN §5. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { equalIp } from "../../src/base/ip.ts";
import { leaseAddress } from "../../src/plugins/host-local/record.ts";
import { hashOfContent } from "../../src/plugins/host-local/record-hash.ts";
import { isWhole, lookUp, readTable } from "../../src/plugins/host-local/table.ts";
import { lstat } from "../../src/sys/bun/sys.ts";

/** What is wrong with the index of `directory`, if it claims to be in step with that; without an index nothing is. */
export function indexFaults(indexDir: string, directory: string): string[] {
  if (!existsSync(directory)) return [];
  const { dev, ino } = statSync(directory);
  const path = join(indexDir, `${dev}-${ino}`);
  if (!existsSync(path)) return [];
  const fd = openSync(path, "r");
  try {
    const table = readTable(fd);
    const { mtimeSec, mtimeNsec } = lstat(directory);
    if (!table || table.stamp.sec !== mtimeSec || table.stamp.nsec !== mtimeNsec || !isWhole(table)) return [];
    const leases = readdirSync(directory).flatMap((name) => {
      const ip = leaseAddress(name);
      const content = ip ? readFileSync(join(directory, name)) : Buffer.of();
      return ip && content.length > 0 ? [{ ip, hash: hashOfContent(content) }] : [];
    });
    const unknown = leases.filter(({ ip, hash }) => !lookUp(table, hash).some((one) => equalIp(one, ip)));
    return [
      ...unknown.map(({ ip }) => `index: lease ${ip.join(".")} is not in it`),
      ...(table.count === leases.length ? [] : [`index: ${table.count} entries for ${leases.length} leases`]),
    ];
  } finally {
    closeSync(fd);
  }
}

import { formatIp, type Ip } from "./ip.ts";

/** 10.1.2.3:80, [fd00::3]:80; of the port 0, which is none, the address alone. */
export function endpoint(ip: Ip, port: number): string {
  if (port === 0) return formatIp(ip);
  return ip.length === 4 ? `${formatIp(ip)}:${port}` : `[${formatIp(ip)}]:${port}`;
}

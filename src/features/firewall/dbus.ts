import { close, connectUnix, environ, read, write } from "#sys";
import { assertErrno, EAGAIN, isErrno } from "../../base/errno.ts";
import { Explained } from "../../base/explained.ts";
import { decodeMessage, ERROR, encodeCall, type Incoming, type MethodCall, REPLY } from "./dbus-message.ts";

/** What somebody on the bus answers instead of doing what was asked. */
export class BusError extends Error {
  override readonly name = "BusError";
  /** org.freedesktop.DBus.Error.NameHasNoOwner. */
  readonly kind: string;

  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Where the machine's bus is when DBUS_SYSTEM_BUS_ADDRESS does not say. */
const SYSTEM_BUS = "/var/run/dbus/system_bus_socket";

/** Milliseconds that an answer may take. */
const TIMEOUT = 25_000;

const CHUNK = 1 << 16;

const DAEMON = {
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
};

/** A connection to the machine's bus. */
export class Bus {
  readonly #fd: number;
  #serial = 0;
  #arrived = new Uint8Array(0);

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Who we are the socket tells. @throws SysError where there is no bus, Explained where it takes us for nobody */
  static open(): Bus {
    const bus = new Bus(connectUnix(addressOf(), TIMEOUT));
    try {
      write(bus.#fd, "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n");
      bus.#expectLine("DATA");
      bus.#expectLine("OK ");
      bus.call({ ...DAEMON, member: "Hello", args: [] });
      return bus;
    } catch (error) {
      bus.close();
      throw error;
    }
  }

  /** Whether somebody has the name; nobody is started for it. Throws as call. */
  hasOwner(name: string): boolean {
    try {
      this.call({ ...DAEMON, member: "GetNameOwner", args: [name] });
      return true;
    } catch (error) {
      if (error instanceof BusError) return false;
      throw error;
    }
  }

  /** The first value that the method returns. @throws BusError, Explained where no answer comes, SysError */
  call(call: MethodCall): string | boolean | undefined {
    const serial = ++this.#serial;
    write(this.#fd, encodeCall(call, serial));
    for (;;) {
      const message = this.#next();
      if (message.replyTo !== serial) continue;
      if (message.type === REPLY) return message.value;
      if (message.type === ERROR)
        throw new BusError(message.errorName ?? "", String(message.value ?? message.errorName));
    }
  }

  close(): void {
    close(this.#fd);
  }

  #next(): Incoming {
    for (;;) {
      const message = decoded(this.#arrived);
      if (message) {
        this.#arrived = this.#arrived.subarray(message.size);
        return message;
      }
      this.#receive();
    }
  }

  #expectLine(beginning: string): void {
    let end = this.#arrived.indexOf(0x0a);
    for (; end < 0; end = this.#arrived.indexOf(0x0a)) this.#receive();
    const line = String.fromCharCode(...this.#arrived.subarray(0, end)).trim();
    this.#arrived = this.#arrived.subarray(end + 1);
    if (!`${line} `.startsWith(beginning))
      throw new Explained(`D-Bus refuses the connection: ${line}`, "the plugin needs to be root in the bus's eyes");
  }

  #receive(): void {
    const bytes = received(this.#fd);
    if (bytes.length === 0) throw new Explained("D-Bus ended the connection", "see the journal of dbus");
    this.#arrived = Uint8Array.from([...this.#arrived, ...bytes]);
  }
}

function decoded(bytes: Uint8Array): Incoming | undefined {
  try {
    return decodeMessage(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Explained("what came by D-Bus is no message of it", "see the journal of dbus", error);
  }
}

function received(fd: number): Uint8Array {
  try {
    return read(fd, CHUNK);
  } catch (error) {
    assertErrno(error);
    if (!isErrno(error, EAGAIN)) throw error;
    throw new Explained(
      `no answer came by D-Bus for ${TIMEOUT / 1000} s`,
      "is firewalld stuck? see its journal",
      error,
    );
  }
}

/** The path of the first address that is one of a socket with a path. */
function addressOf(): string {
  const addresses = new Map(environ()).get("DBUS_SYSTEM_BUS_ADDRESS")?.split(";") ?? [];
  const paths = addresses.map((address) => /^unix:(?:.*,)?path=([^,]+)/.exec(address)?.[1]);
  const path = paths.find((one) => one !== undefined);
  return path === undefined ? SYSTEM_BUS : unescaped(path);
}

/** Bytes other than letters and digits may be written as %2f. */
function unescaped(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

import { ThisMachine } from "../../../features/machine.ts";
import { Nftables } from "../../../host/nft.ts";
import { openSandbox, type Sandbox } from "../../../host/sandbox.ts";
import { Client } from "../../../netlink/client.ts";
import type { Question } from "../../../netlink/request.ts";
import { NETLINK_NETFILTER, openSocket } from "../../../netlink/socket.ts";
import { tap } from "../../../netlink/trace.ts";
import type { Link } from "../../../rtnl/read-link.ts";

/** This machine for somebody who only looks, and asks for the same over and over: what it was told once, it tells again. */
export class Onlooker extends ThisMachine {
  override readonly nft = new RememberingNftables();
  #links: Link[] | undefined;
  #byName: ReadonlyMap<string | number, Link> | undefined;
  #sandbox: Sandbox | undefined;

  override listLinks(): Link[] {
    this.#links ??= super.listLinks();
    return this.#links;
  }

  override findLink(link: string | number): Link | undefined {
    this.#byName ??= new Map(
      this.listLinks().flatMap((one): [string | number, Link][] => [
        [one.name, one],
        [one.index, one],
      ]),
    );
    return this.#byName.get(link);
  }

  /** Keeps the last one open: who looks into a container looks several times. */
  override openSandbox(path: string): Sandbox {
    if (this.#sandbox?.path === path) return this.#sandbox;
    this.#sandbox?.close();
    this.#sandbox = undefined;
    this.#sandbox = openSandbox(path);
    return this.#sandbox;
  }

  override close(): void {
    this.#sandbox?.close();
    this.#sandbox = undefined;
    super.close();
  }
}

class RememberingNftables extends Nftables {
  #client: RememberingClient | undefined;

  override client(): Client {
    this.#client ??= new RememberingClient(openSocket(NETLINK_NETFILTER), tap("netfilter"));
    return this.#client;
  }

  override close(): void {
    this.#client?.close();
    this.#client = undefined;
  }
}

/** Asks each question once. Not of single elements, which are many and hardly asked for twice. */
class RememberingClient extends Client {
  readonly #answers = new Map<string, unknown>();

  override get<O, A>(question: Question<O, A>, object: O): A | undefined {
    return this.#once(`get ${question.type} ${question.text(object)}`, () => super.get(question, object));
  }

  override dump<O, A>(question: Question<O, A>, object: O): A[] {
    return this.#once(`dump ${question.type} ${question.text(object)}`, () => super.dump(question, object));
  }

  #once<T>(key: string, ask: () => T): T {
    if (!this.#answers.has(key)) this.#answers.set(key, ask());
    return this.#answers.get(key) as T;
  }
}

import type { Writer } from "../wire/cursor.ts";
import type { Message } from "../wire/message.ts";

/** The bytes of a message about an object. */
export interface Wire<O> {
  readonly type: number;
  /** Flags besides NLM_F_REQUEST, NLM_F_ACK and NLM_F_DUMP. */
  readonly flags: number;
  /** Writes what comes after the netlink header. */
  write(w: Writer, object: O): void;
}

/** How a verb is asked of the kernel for objects of one type: a constant, so that what is made for each request is data. */
export interface Form<O> extends Wire<O> {
  /** The command that it equals, for errors: "ip link del v0". */
  text(object: O): string;
}

/** The form of a change. */
export interface Change<O> extends Form<O> {
  /** The second command where it equals two. */
  also?(object: O): string | undefined;
  readonly read?: undefined;
}

/** The form of a question, about one object or for a list. */
export interface Question<O, A> extends Form<O> {
  /** What an answer says, or one part of a list. */
  read(message: Message, object: O): A;
  /** The error that means: there is none. */
  readonly absent?: number;
}

/** A change that is to be asked of the kernel: a verb and its object. */
export interface Request<O = unknown> {
  readonly form: Change<O>;
  readonly object: O;
  /** Errors that count as success. */
  readonly tolerate?: readonly number[];
  /** Is told of one. */
  readonly tolerated?: (() => void) | undefined;
}

/** Whether a request is one of `form`, and so about an object of its type. */
export function isOf<O>(request: Request, form: Change<O>): request is Request<O> {
  return request.form === form;
}

/** The commands that a request equals, in order. */
export function commandsOf({ form, object }: Request): string[] {
  const second = form.also?.(object);
  return second ? [form.text(object), second] : [form.text(object)];
}

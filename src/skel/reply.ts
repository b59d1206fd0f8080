/** What a plugin answers. */
export interface Reply {
  /** Exit status: 0, or 1 with error JSON on stdout. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** After an ADD: takes back what it did, as far as it can, for a result that could not be delivered. */
  readonly rollback?: () => void;
  /** Instead of that, in a process that goes on: lets go of what it holds open. */
  readonly release?: () => void;
  /** Of a command that goes on (tool/world.ts): what it prints when the answer was delivered; gives its exit status if not `code`. */
  readonly rest?: (write: (text: string) => void) => number | undefined;
  /** Of a call that is logged: writes its record, when the answer was delivered or not. Returns what to say on stderr. */
  readonly log?: (delivered: boolean) => string;
}

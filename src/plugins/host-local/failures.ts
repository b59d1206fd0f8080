import { messageOf } from "../../base/errno.ts";
import { CniError, IO_FAILURE } from "../../spec/errors.ts";

/**
 * Reports what a teardown could not do, all of it.
 * @throws CniError 5 when there is something; what is no CniError (a signal, a defect) as it is
 */
export function failWith(failures: readonly unknown[]): void {
  const [first] = failures;
  if (first === undefined) return;
  const other = failures.find((failure) => !(failure instanceof CniError));
  if (other !== undefined) throw other;
  throw new CniError(IO_FAILURE, failures.map(messageOf).join("; "), (first as CniError).details, first);
}

/** A failure that says what to do next; layers below the CNI ones throw it, skel makes the error JSON of it. */
export class Explained extends Error {
  override readonly name = "Explained";
  /** What it concerns and the next step. */
  readonly details: string;

  constructor(message: string, details: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.details = details;
  }
}

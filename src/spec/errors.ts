/** Error codes of the CNI spec 1.1.0, section "Error", and of the reference's libraries (8, 999). */
export const INCOMPATIBLE_VERSION = 1;
export const UNSUPPORTED_FIELD = 2;
export const UNKNOWN_CONTAINER = 3;
export const INVALID_ENVIRONMENT = 4;
export const IO_FAILURE = 5;
export const DECODING_FAILURE = 6;
export const INVALID_CONFIG = 7;
export const INVALID_NETNS = 8;
export const TRY_AGAIN_LATER = 11;
export const NOT_AVAILABLE = 50;
export const LIMITED_CONNECTIVITY = 51;
export const INTERNAL = 999;

/** An answer of a plugin that is an error: what a caller did wrong, or what could not be done and what to do next. */
export class CniError extends Error {
  override readonly name = "CniError";
  /** One of the codes above, or 100 and more for a plugin's own. */
  readonly code: number;
  /** The value concerned, who holds it, the next step. Empty when there is nothing to add. */
  readonly details: string;

  constructor(code: number, message: string, details = "", cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }

  /** Text as the callers of plugins print it: `msg; details`. */
  get text(): string {
    return this.details ? `${this.message}; ${this.details}` : this.message;
  }
}

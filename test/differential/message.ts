/** Whether two error messages are about the same thing: loosely, for each side words its errors for its readers. */

/** Words of the form of a message, not of its matter. */
const FORM = new Set(
  "failed failure error errors cannot could must from with that this have been into type value field struct json unmarshal netconf config configuration network invalid expected".split(
    " ",
  ),
);

/** Names, numbers, addresses and words of four letters and more. */
function matterOf(message: string): Set<string> {
  const words = message.toLowerCase().match(/[a-z0-9][a-z0-9:./_-]*[a-z0-9]/g) ?? [];
  const parts = words.flatMap((word) => [word, ...word.split(/[./_-]/)]);
  return new Set(parts.filter((word) => (word.length > 3 || /\d/.test(word)) && !FORM.has(word)));
}

/** A reason that both give, or a thing that both name. */
export function isAboutTheSame(a: string, b: string): boolean {
  const named = matterOf(a);
  return [...matterOf(b)].some((word) => named.has(word));
}

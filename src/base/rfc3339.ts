/** The date and time that milliseconds since the epoch are, in UTC: "2026-11-29T20:58:17.123Z". The engine has no Date. */
export function formatTime(milliseconds: number): string {
  const time = Math.floor(milliseconds);
  const days = Math.floor(time / DAY);
  const rest = time - days * DAY;
  const at = (unit: number, count: number) => digits(Math.floor(rest / unit) % count, 2);
  return `${dateOf(days)}T${at(3_600_000, 24)}:${at(60_000, 60)}:${at(1000, 60)}.${digits(rest % 1000, 3)}Z`;
}

const DAY = 86_400_000;

/** The date that so many days after 1970-01-01 has, in years that begin in March, so that a leap day is the last of one. */
function dateOf(days: number): string {
  const since = days + DAYS_TO_EPOCH;
  const era = Math.floor(since / DAYS_OF_ERA);
  const day = since - era * DAYS_OF_ERA;
  const year = Math.floor((day - Math.floor(day / 1460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) / 365);
  const ofYear = day - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  // Five months from March on have 153 days.
  const month = Math.floor((5 * ofYear + 2) / 153);
  const ofMonth = ofYear - Math.floor((153 * month + 2) / 5) + 1;
  const later = month < 10 ? 0 : 1;
  return `${digits(era * 400 + year + later, 4)}-${digits(month + 3 - 12 * later, 2)}-${digits(ofMonth, 2)}`;
}

/** From 0000-03-01 to 1970-01-01, and of the 400 years after which the calendar repeats. */
const DAYS_TO_EPOCH = 719_468;
const DAYS_OF_ERA = 146_097;

const digits = (number: number, count: number): string => String(number).padStart(count, "0");

// From which day on a baseline may be declared: never so that what was stated for a past day becomes something else.

/** A declaration that is there. */
export interface DeclaredBaseline {
  organisationId: string;
  route: string;
  version: number;
  /** "2026-11-28" */
  fromDay: string;
}

/** Whose requests a declaration is about: empty texts are everyone's and all routes'. */
export type BaselineScope = Pick<DeclaredBaseline, "organisationId" | "route">;

export interface BaselineTimes {
  /** The UTC day it is now. */
  today: string;
  /** Latest closed month, as "2026-10-01"; undefined: none is closed. */
  closedMonth: string | undefined;
}

/**
 * Undefined: it may. A day that is not over may be declared for again; a past one only where no declaration that could be about the same
 * requests had begun, and its month is open.
 */
export function mayDeclare(
  scope: BaselineScope,
  fromDay: string,
  { today, closedMonth }: BaselineTimes,
  declared: readonly DeclaredBaseline[],
): string | undefined {
  if (fromDay >= today) return undefined;
  if (closedMonth !== undefined && fromDay.slice(0, 7) <= closedMonth.slice(0, 7)) {
    return `${closedMonth.slice(0, 7)} is closed: begin in a month that is open.`;
  }
  const begun = declared.find((one) => one.fromDay < today && overlaps(one, scope));
  if (!begun) return undefined;
  return `Savings since ${begun.fromDay} are stated with another baseline already; a change begins today (${today}, UTC) or later.`;
}

/** Whether some request could be of both. */
function overlaps(a: BaselineScope, b: BaselineScope): boolean {
  const isShared = (one: string, other: string): boolean => one === "" || other === "" || one === other;
  return isShared(a.organisationId, b.organisationId) && isShared(a.route, b.route);
}

/** The ones that hold on a day, one for each scope at most: the latest that has begun. */
export function holding<B extends DeclaredBaseline>(declared: readonly B[], day: string): Set<B> {
  const latest = new Map<string, B>();
  for (const one of declared) {
    const key = `${one.organisationId}\0${one.route}`;
    const other = latest.get(key);
    if (one.fromDay <= day && (!other || isLater(one, other))) latest.set(key, one);
  }
  return new Set(latest.values());
}

function isLater(a: DeclaredBaseline, b: DeclaredBaseline): boolean {
  return a.fromDay > b.fromDay || (a.fromDay === b.fromDay && a.version > b.version);
}

// Whether what a budget's scope names is there and fits together: accounts that this service knows.
import type { BudgetRule, Problem } from "./budget-rule.ts";

/** What is known of the names in a scope; undefined: there is none, or the scope names none. */
export interface KnownNames {
  hasOrganisation: boolean;
  hasTeam: boolean;
  user: { teamId: string } | undefined;
  key: { userId: string; teamId: string; isRevoked: boolean } | undefined;
  hasTimeZone: boolean;
}

export function checkScope({ scope }: Pick<BudgetRule, "scope">, known: KnownNames): Problem[] {
  const problems: Problem[] = [];
  const report = (field: string, problem: string): void => void problems.push({ field, problem });
  const { organisationId, teamId, userId, keyId } = scope;
  if (!known.hasTimeZone) report("window.timeZone", "is no time zone; write it like Europe/Berlin");
  if (organisationId === "") {
    report("scope.organisationId", "must be said: every budget is of one organisation");
    return problems;
  }
  if (!known.hasOrganisation) {
    report("scope.organisationId", `there is no organisation ${organisationId}`);
    return problems;
  }
  const { user, key } = known;
  if (teamId !== "" && !known.hasTeam) report("scope.teamId", `there is no team ${teamId} in ${organisationId}`);
  if (userId !== "" && !user) report("scope.userId", `there is no user ${userId} in ${organisationId}`);
  if (keyId !== "" && !key) report("scope.keyId", `there is no key ${keyId} in ${organisationId}`);
  if (user && known.hasTeam && user.teamId !== teamId) {
    report("scope.userId", `is of the team ${user.teamId}, so nothing matches the team ${teamId} with it`);
  }
  if (key?.isRevoked) report("scope.keyId", "is revoked, so nothing will ever match");
  if (key && user && key.userId !== userId) {
    report("scope.keyId", `is of the user ${key.userId}, so nothing matches the user ${userId} with it`);
  } else if (key && known.hasTeam && key.teamId !== teamId) {
    report("scope.keyId", `is of the team ${key.teamId}, so nothing matches the team ${teamId} with it`);
  }
  return problems;
}

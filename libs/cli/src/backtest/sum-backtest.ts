// Recorded requests run again on a draft, summed for people: by team and by move from one model to another. Costs are summed exactly.
import { formatUsd, parseUsd } from "@waybill/domain";
import type { PlannedRequest } from "../api/shapes.ts";

export interface Backtest extends BacktestSum {
  /** Of these, would be refused. */
  refusedCount: number;
  /** Oldest and newest of the requests; null: there are none. */
  from: string | null;
  until: string | null;
  byTeam: (BacktestSum & { team: string; teamId: string })[];
  /** The most frequent first. */
  byModel: { from: string; to: string; requestCount: number }[];
  notes: string[];
}

interface BacktestSum {
  requestCount: number;
  /** Another model, or a refusal where there was none, or the other way round. */
  changedCount: number;
  /** Of the requests whose two costs are both known; null: of none they are. */
  actualUsd: string | null;
  thenUsd: string | null;
}

/** `requests` newest first. What costs nobody knows is counted in a note and in neither sum. */
export function sumBacktest(requests: readonly PlannedRequest[]): Backtest {
  const total = new Sums("", "");
  const teams = new Map<string, Sums>();
  const moves = new Map<string, Backtest["byModel"][number]>();
  for (const request of requests) {
    const team = teams.get(request.teamId) ?? new Sums(request.teamId, request.teamName);
    teams.set(request.teamId, team);
    total.add(request);
    team.add(request);
    if (request.changed) countMove(moves, request);
  }
  const unknown = total.count - total.knownCount;
  return {
    ...total.sum(),
    refusedCount: total.refused,
    from: requests.at(-1)?.decidedAt ?? null,
    until: requests[0]?.decidedAt ?? null,
    byTeam: [...teams.values()].map((sums) => ({
      team: sums.teamName || sums.teamId || "(none)",
      teamId: sums.teamId,
      ...sums.sum(),
    })),
    byModel: [...moves.values()].sort((a, b) => b.requestCount - a.requestCount),
    notes: unknown === 0 ? [] : [`in neither sum: ${unknown} of them, whose cost is not known as it was or would be`],
  };
}

class Sums {
  readonly teamId: string;
  readonly teamName: string;
  count = 0;
  knownCount = 0;
  changed = 0;
  refused = 0;
  actual = 0n;
  would = 0n;

  constructor(teamId: string, teamName: string) {
    this.teamId = teamId;
    this.teamName = teamName;
  }

  add({ changed, before, after }: PlannedRequest): void {
    this.count += 1;
    if (changed) this.changed += 1;
    if (after.model === null) this.refused += 1;
    if (before.costUsd === null || after.costUsd === null) return;
    this.knownCount += 1;
    this.actual += parseUsd(before.costUsd);
    this.would += parseUsd(after.costUsd);
  }

  sum(): BacktestSum {
    const isKnown = this.knownCount > 0;
    return {
      requestCount: this.count,
      changedCount: this.changed,
      actualUsd: isKnown ? formatUsd(this.actual) : null,
      thenUsd: isKnown ? formatUsd(this.would) : null,
    };
  }
}

function countMove(moves: Map<string, Backtest["byModel"][number]>, { before, after }: PlannedRequest): void {
  const [from, to] = [before, after].map(({ model, refusalCode }) => model ?? `refused: ${refusalCode ?? "?"}`);
  if (from === undefined || to === undefined) return;
  const move = moves.get(`${from} ${to}`) ?? { from, to, requestCount: 0 };
  move.requestCount += 1;
  moves.set(`${from} ${to}`, move);
}

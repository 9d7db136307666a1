// Where windows begin and end, on a real Postgres and by its clock and its zones.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { newAttemptId, startTestBudgets, type TestBudgets } from "./postgres-budgets.test.ts";
import { ask, grant, linesOf, place, record } from "./sample-operations.test.ts";

type Rule = Readonly<Record<string, unknown>>;

/** Start and end of the window of a moment, under a rule. */
async function boundsOf(kit: TestBudgets, rule: Rule, at: string): Promise<[string | undefined, string | undefined]> {
  const { rows } = await kit.owner.query<{ starts: Date; ends: Date | null }>(
    `SELECT s AS starts, budget.window_end(r, s) AS ends
     FROM jsonb_populate_record((SELECT b FROM budget.budget b WHERE id = 'base'), $1) r,
       budget.window_start(r, $2) s`,
    [JSON.stringify(rule), at],
  );
  return [rows[0]?.starts.toISOString(), rows[0]?.ends?.toISOString()];
}

const BASE = { id: "base", limitPicoUsd: 10n };
const NEW_YORK = { time_zone: "America/New_York" };

test("windows begin and end where their rule says", async () => {
  await using kit = await startTestBudgets(BASE);
  const leapDay = "2028-02-29T22:30:00-05:00";
  const cases: [string, Rule, string, string, string | undefined][] = [
    ["a day in UTC", { window_kind: "day" }, leapDay, "2028-03-01T00:00:00Z", "2028-03-02T00:00:00Z"],
    ["a leap day", { window_kind: "day", ...NEW_YORK }, leapDay, "2028-02-29T05:00:00Z", "2028-03-01T05:00:00Z"],
    ["a week", { window_kind: "week" }, leapDay, "2028-02-28T00:00:00Z", "2028-03-06T00:00:00Z"],
    [
      "a week from Sunday",
      { window_kind: "week", anchor_weekday: 7 },
      leapDay,
      "2028-02-27T00:00:00Z",
      "2028-03-05T00:00:00Z",
    ],
    [
      "a week from Thursday",
      { window_kind: "week", anchor_weekday: 4 },
      leapDay,
      "2028-02-24T00:00:00Z",
      "2028-03-02T00:00:00Z",
    ],
    [
      "a month's last moment",
      { window_kind: "month", ...NEW_YORK },
      "2028-03-01T04:59:59.999Z",
      "2028-02-01T05:00:00Z",
      "2028-03-01T05:00:00Z",
    ],
    [
      "a month's first moment",
      { window_kind: "month", ...NEW_YORK },
      "2028-03-01T05:00:00Z",
      "2028-03-01T05:00:00Z",
      "2028-04-01T04:00:00Z",
    ],
    [
      "a month from the 28th",
      { window_kind: "month", anchor_day: 28 },
      "2027-02-28T00:00:00Z",
      "2027-02-28T00:00:00Z",
      "2027-03-28T00:00:00Z",
    ],
    [
      "a month from the 28th, before",
      { window_kind: "month", anchor_day: 28 },
      "2027-03-27T23:59:59Z",
      "2027-02-28T00:00:00Z",
      "2027-03-28T00:00:00Z",
    ],
    [
      "a month from the 15th on the 31st",
      { window_kind: "month", anchor_day: 15 },
      "2027-12-31T12:00:00Z",
      "2027-12-15T00:00:00Z",
      "2028-01-15T00:00:00Z",
    ],
    ["a quarter", { window_kind: "quarter" }, leapDay, "2028-01-01T00:00:00Z", "2028-04-01T00:00:00Z"],
    [
      "a fiscal quarter",
      { window_kind: "quarter", anchor_month: 2, anchor_day: 6 },
      "2028-05-05T12:00:00Z",
      "2028-02-06T00:00:00Z",
      "2028-05-06T00:00:00Z",
    ],
    [
      "a quarter counted from December",
      { window_kind: "quarter", anchor_month: 12 },
      leapDay,
      "2028-03-01T00:00:00Z",
      "2028-06-01T00:00:00Z",
    ],
    ["a year", { window_kind: "year" }, leapDay, "2028-01-01T00:00:00Z", "2029-01-01T00:00:00Z"],
    [
      "a fiscal year",
      { window_kind: "year", anchor_month: 4, anchor_day: 6, time_zone: "Europe/London" },
      "2028-04-05T22:59:59Z",
      "2027-04-05T23:00:00Z",
      "2028-04-05T23:00:00Z",
    ],
    [
      "a fixed window",
      { window_kind: "fixed", window_seconds: 3_600 },
      leapDay,
      "2028-03-01T03:00:00Z",
      "2028-03-01T04:00:00Z",
    ],
    [
      "a fixed window from a moment",
      { window_kind: "fixed", window_seconds: 3_600, anchor_at: "2030-01-01T00:10:00Z" },
      leapDay,
      "2028-03-01T03:10:00Z",
      "2028-03-01T04:10:00Z",
    ],
    ["a total", { window_kind: "total" }, leapDay, "1970-01-01T00:00:00Z", undefined],
    [
      "a rolling window",
      { window_kind: "rolling", window_seconds: 86_400 },
      leapDay,
      "1969-12-31T00:00:00Z",
      undefined,
    ],
  ];
  for (const [name, rule, at, starts, ends] of cases) {
    const iso = (text: string | undefined) => text && new Date(text).toISOString();
    assert.deepEqual(await boundsOf(kit, rule, at), [iso(starts), iso(ends)], name);
  }
});

test("a day in which clocks change has 23 or 25 hours, in both hemispheres", async () => {
  await using kit = await startTestBudgets(BASE);
  const lengths = {
    "America/New_York": ["2027-03-14", "2027-11-07"],
    "Australia/Sydney": ["2027-10-03", "2027-04-04"],
  };
  for (const [zone, [spring, autumn]] of Object.entries(lengths)) {
    for (const [day, hours] of [
      [spring, 23],
      [autumn, 25],
    ] as const) {
      const noon = (await kit.owner.query("SELECT ($1::timestamp AT TIME ZONE $2) AS at", [`${day} 12:00`, zone]))
        .rows[0].at;
      const [starts, ends] = await boundsOf(kit, { window_kind: "day", time_zone: zone }, noon.toISOString());
      assert.equal((Date.parse(ends ?? "") - Date.parse(starts ?? "")) / 3_600_000, hours, `${zone} ${day}`);
    }
  }
});

test("in every zone each moment has one window, which ends where the next begins", async () => {
  await using kit = await startTestBudgets(BASE);
  // Clocks turned at midnight, back over midnight, by half an hour, and a day that never was.
  const zones = ["UTC", "America/New_York", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe", "Pacific/Apia"];
  for (const zone of zones) {
    const { rows } = await kit.owner.query(
      `WITH rule AS (
         SELECT r FROM unnest('{day,week,month,quarter,year}'::text[]) kind, (VALUES (1, 1, 1), (4, 28, 12)) a (weekday, day, month),
           jsonb_populate_record((SELECT b FROM budget.budget b WHERE id = 'base'), jsonb_build_object('window_kind', kind,
             'time_zone', $1::text, 'anchor_weekday', weekday, 'anchor_day', day, 'anchor_month', month)) r),
       moment AS (
         SELECT at, true AS coarse FROM generate_series(timestamptz '2026-12-30 00:05+00', '2028-04-03 00:00+00', '2 days 3 hours') at
         UNION ALL
         SELECT at, false FROM unnest('{2011-12-29,2027-03-13,2027-03-27,2027-04-03,2027-10-02,2027-10-30,2027-11-06}'::date[]) day,
           generate_series(day - interval '1 day', day + interval '3 days', '29 minutes') at)
       SELECT (r).window_kind AS kind, at FROM rule, moment, budget.window_start(r, at) s, budget.window_end(r, s) e
       WHERE (coarse OR (r).window_kind = 'day') AND NOT (s <= at AND at < e AND budget.window_start(r, e) = e
         AND budget.window_start(r, e - interval '1 ms') = s) LIMIT 5`,
      [zone],
    );
    assert.deepEqual(rows, [], zone);
  }
});

test("Postgres's clock decides: a node's own clock an hour ahead or behind changes nothing", async () => {
  await using kit = await startTestBudgets({
    id: "b",
    limitPicoUsd: 1_000n,
    windowKind: "fixed",
    windowSeconds: 3_600,
  });
  await kit.setClock("timestamptz '2027-01-01 10:59:30+00'");
  const writer = kit.writer();
  for (const offsetMs of [-3_600_000, 3_600_000]) {
    mock.timers.enable({ apis: ["Date"], now: Date.parse("2027-01-01T10:59:30Z") + offsetMs });
    try {
      const held = await writer.submit(place(newAttemptId(), ask("b", 1n)));
      linesOf(held);
      const granted = await writer.submit(grant("b", 1n));
      assert.ok(granted.kind === "granted");
      // Never beyond the window's end.
      assert.deepEqual([granted.amountPicoUsd, granted.lifeMs], [1n, 30_000]);
      assert.equal(granted.standing?.resetsAtMs, Date.parse("2027-01-01T11:00:00Z"));
    } finally {
      mock.timers.reset();
    }
  }
  assert.deepEqual(await kit.windows("b"), [[1_000n, 0n, 2n, 2n]]);
});

test("a window in the budget's own zone turns at its midnight, and records settle in the window of their hold", async () => {
  await using kit = await startTestBudgets({ id: "b", limitPicoUsd: 10n, windowKind: "day", rule: NEW_YORK });
  const writer = kit.writer();
  await kit.setClock("timestamptz '2027-03-15 03:59:59+00'");
  const late = newAttemptId();
  const old = linesOf(await writer.submit(place(late, ask("b", 10n))));
  assert.equal((await writer.submit(place(newAttemptId(), ask("b", 1n)))).kind, "refused");
  await kit.setClock("timestamptz '2027-03-15 04:00:00+00'");
  linesOf(await writer.submit(place(newAttemptId(), ask("b", 10n))));
  await writer.submit(record(late, 7n, old));
  assert.deepEqual(await kit.windows("b"), [
    [10n, 7n, 0n, 0n],
    [10n, 0n, 10n, 0n],
  ]);
});

test("a budget with another rule begins another window, also where both begin at the same moment", async () => {
  await using kit = await startTestBudgets({ id: "b", limitPicoUsd: 10n, windowKind: "day" });
  await kit.setClock("timestamptz '2027-03-01 12:00+00'");
  const writer = kit.writer();
  linesOf(await writer.submit(place(newAttemptId(), ask("b", 4n))));
  await kit.owner.query("UPDATE budget.budget SET window_kind = 'month' WHERE id = 'b'");
  const refused = await writer.submit(place(newAttemptId(), ask("b", 11n)));
  assert.ok(refused.kind === "refused");
  assert.equal(new Date(refused.resetsAtMs ?? 0).toISOString(), "2027-04-01T00:00:00.000Z");
  assert.equal((await kit.windows("b")).length, 2);
});

test("a raise counts at once in the running window and is gone by itself", async () => {
  await using kit = await startTestBudgets({ id: "b", limitPicoUsd: 10n });
  const writer = kit.writer();
  await kit.setClock("timestamptz '2027-01-05 12:00:00+00'");
  linesOf(await writer.submit(place(newAttemptId(), ask("b", 10n))));
  await kit.owner.query(
    "UPDATE budget.budget SET raise_by = 5, raise_reason = 'launch', raise_until = '2027-01-05 13:00+00' WHERE id = 'b'",
  );
  linesOf(await writer.submit(place(newAttemptId(), ask("b", 4n))));
  const refused = await writer.submit(place(newAttemptId(), ask("b", 2n)));
  assert.ok(refused.kind === "refused");
  assert.deepEqual([refused.limitPicoUsd, refused.leftPicoUsd], [15n, 1n]);
  await kit.setClock("timestamptz '2027-01-05 13:00:00+00'");
  const over = await writer.submit(place(newAttemptId(), ask("b", 1n)));
  assert.ok(over.kind === "refused");
  assert.deepEqual([over.limitPicoUsd, over.leftPicoUsd], [10n, 0n]);
});

// A choice of models as somebody wrote it: which models take what part of the traffic, with every problem at its field.
import { type Fraction, isSame, NONE, parseShare, plus, shareText, WHOLE } from "./fraction.ts";
import type { Scenario, Selection } from "./simulate-cost.ts";

export interface GivenScenario {
  /** `of`: the name of a part; undefined: of every part that no other entry names. */
  models: readonly { model: string; share: string; of?: string | undefined }[];
  cachedInputShare?: string | undefined;
  keptAnswerShare?: string | undefined;
}

export interface ScenarioRules {
  /** Where the scenario stands, as `proposal`. */
  field: string;
  /** Names of the parts of the traffic. */
  parts: readonly string[];
  /** Of a part that nobody chose models for; undefined: that is a problem. */
  asItIs?: (part: string) => Selection[];
  isModel(model: string): boolean;
}

/** Reports every problem with its field; what it returns is of use only where none was reported. */
export function readScenario(
  given: GivenScenario,
  rules: ScenarioRules,
  report: (field: string, problem: string) => void,
): Scenario {
  const { field, parts, asItIs, isModel } = rules;
  const chosen = new Map<string | undefined, Selection[]>();
  for (const [index, { model, share: text, of }] of given.models.entries()) {
    const at = `${field}.models[${index}]`;
    const share = parseShare(text);
    if (!share || isSame(share, NONE)) report(`${at}.share`, "must be above 0 and at most 1, like 0.25 or 1/3");
    if (!isModel(model)) report(`${at}.model`, `${model} is not in the catalogue`);
    if (of !== undefined && !parts.includes(of)) report(`${at}.of`, `${of} is no part of this traffic`);
    chosen.set(of, [...(chosen.get(of) ?? []), { model, share: share ?? NONE }]);
  }
  const mixes = new Map<string, readonly Selection[]>();
  for (const part of parts) {
    const mix = chosen.get(part) ?? chosen.get(undefined) ?? asItIs?.(part);
    if (mix) mixes.set(part, mix);
    else report(`${field}.models`, `names no model for ${part}`);
  }
  for (const [of, mix] of chosen) {
    const sum = mix.reduce((so, { share }) => plus(so, share), NONE);
    if (isSame(sum, WHOLE)) continue;
    report(`${field}.models`, `the shares${of === undefined ? "" : ` of ${of}`} make ${shareText(sum)}, not 1`);
  }
  const { cachedInputShare, keptAnswerShare } = given;
  const share = (name: string, text: string): Fraction => readShare(`${field}.${name}`, text, report);
  return {
    mixes,
    cachedInputShare: cachedInputShare === undefined ? undefined : share("cachedInputShare", cachedInputShare),
    keptAnswerShare: share("keptAnswerShare", keptAnswerShare ?? "0"),
  };
}

export function readShare(field: string, text: string, report: (field: string, problem: string) => void): Fraction {
  const share = parseShare(text);
  if (!share) report(field, "must be from 0 to 1, like 0.25 or 1/3");
  return share ?? NONE;
}

// A baseline in words: for whom, and what is compared with.

interface Said {
  organisation: string | null;
  route: string | null;
  version: number;
  kind: "model" | "costliest_candidate" | "none";
  model: string | null;
  routeVersion: number | null;
}

export function baselineText(baseline: Said): string {
  return `${scopeText(baseline)}: compared with ${comparedWith(baseline)} (version ${baseline.version})`;
}

export function scopeText({ organisation, route }: Pick<Said, "organisation" | "route">): string {
  return `${organisation ?? "everyone"}, ${route === null ? "all routes" : `route ${route}`}`;
}

export function comparedWith({ kind, model, routeVersion }: Pick<Said, "kind" | "model" | "routeVersion">): string {
  if (kind === "none") return "nothing";
  if (kind === "model") return model ?? "?";
  return `the costliest candidate of route version ${routeVersion ?? "?"}`;
}

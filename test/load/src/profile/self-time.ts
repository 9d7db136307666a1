// Where a CPU profile's time went: by function, and by package.

export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

interface Share {
  readonly name: string;
  /** Of the time the process was not idle. */
  readonly percent: number;
}

export interface SelfTime {
  readonly functions: readonly Share[];
  readonly packages: readonly Share[];
}

const IDLE = "(idle)";

export function selfTime(profile: CpuProfile): SelfTime {
  const microsecondsOf = new Map<number, number>();
  profile.samples.forEach((id, index) => {
    microsecondsOf.set(id, (microsecondsOf.get(id) ?? 0) + (profile.timeDeltas[index] ?? 0));
  });
  const functions = new Map<string, number>();
  const packages = new Map<string, number>();
  let busy = 0;
  for (const { id, callFrame } of profile.nodes) {
    const microseconds = microsecondsOf.get(id) ?? 0;
    if (callFrame.functionName === IDLE || microseconds === 0) continue;
    busy += microseconds;
    const owner = ownerOf(callFrame.url, callFrame.functionName);
    const place = callFrame.url === "" ? "" : ` ${fileOf(callFrame.url)}:${callFrame.lineNumber + 1}`;
    add(functions, `${callFrame.functionName || "(anonymous)"}${place} [${owner}]`, microseconds);
    add(packages, owner, microseconds);
  }
  return { functions: shares(functions, busy), packages: shares(packages, busy) };
}

/** A package's name, `node` for Node's own JavaScript, a service or library of ours, or the runtime's own bookkeeping. */
function ownerOf(url: string, functionName: string): string {
  if (url === "") return functionName.startsWith("(") ? functionName : "native";
  if (url.startsWith("node:")) return "node";
  const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (installed !== undefined) return installed;
  return /\/((?:services|libs)\/[^/]+)\//.exec(url)?.[1] ?? "other";
}

function fileOf(url: string): string {
  return url.startsWith("node:") ? url : (url.split("/").at(-1) ?? url);
}

function add(sums: Map<string, number>, name: string, microseconds: number): void {
  sums.set(name, (sums.get(name) ?? 0) + microseconds);
}

function shares(sums: ReadonlyMap<string, number>, busy: number): Share[] {
  return [...sums]
    .map(([name, microseconds]) => ({ name, percent: (100 * microseconds) / busy }))
    .sort((one, other) => other.percent - one.percent);
}

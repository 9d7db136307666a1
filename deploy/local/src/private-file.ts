// Files that only their owner may read, replaced whole: a reader sees the old one or the new one, never half of one.

import { rename, writeFile } from "node:fs/promises";

const privateMode = 0o600;

export async function writePrivateFile(path: string, content: string): Promise<void> {
  const unfinished = `${path}.${process.pid}.unfinished`;
  await writeFile(unfinished, content, { mode: privateMode });
  await rename(unfinished, path);
}

/** The lines of a file for `node --env-file` and `source`. Throws on a value that no quotes can hold. */
export function renderEnvFile(comment: string, variables: Readonly<Record<string, string>>): string {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${quoteEnvValue(name, value)}`);
  return `# ${comment}\n${lines.join("\n")}\n`;
}

function quoteEnvValue(name: string, value: string): string {
  if (/^[\w.,:/@%+=-]*$/.test(value)) return value;
  // A shell reads nothing inside single quotes, and neither does Node.
  if (!/['\n]/.test(value)) return `'${value}'`;
  throw new Error(`the value of ${name} has a quote or a line break and cannot be written to a file of settings`);
}

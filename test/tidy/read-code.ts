// What a TypeScript file says, read from its syntax so that comments and texts are never taken for code.
import ts from "typescript";
import type { SourceFile } from "./repository.ts";

export interface Import {
  specifier: string;
  line: number;
}

/** Static, dynamic, type-only and re-exporting imports alike. */
export function importsOf(file: SourceFile): Import[] {
  return ts.preProcessFile(file.text, true, true).importedFiles.map(({ fileName, pos }) => ({
    specifier: fileName,
    line: file.text.slice(0, pos).split("\n").length,
  }));
}

/** `@scope/name/part` -> `@scope/name`; undefined for relative and `node:` imports. */
export function packageName(specifier: string): string | undefined {
  if (specifier.startsWith(".") || specifier.startsWith("node:")) return undefined;
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0];
}

export interface Found {
  text: string;
  line: number;
}

/** Text literals and the beginnings of templates; names of properties and import paths are none. */
export function literalsOf(file: SourceFile): Found[] {
  return collect(file, (node) => {
    const isText = ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateHead(node);
    if (!isText) return undefined;
    const { parent } = node;
    const isName = ts.isPropertyAssignment(parent) && parent.name === node;
    return isName || ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent) ? undefined : node.text;
  });
}

/** Names used as values: `Date`, and `Math.random` for a property of a name. Not names of properties or types. */
export function usedNames(file: SourceFile): Found[] {
  return collect(file, (node) => {
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      return `${node.expression.text}.${node.name.text}`;
    }
    if (!ts.isIdentifier(node)) return undefined;
    const { parent } = node;
    const isPropertyName =
      (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
      (ts.isPropertyAssignment(parent) && parent.name === node) ||
      (ts.isPropertySignature(parent) && parent.name === node) ||
      (ts.isPropertyDeclaration(parent) && parent.name === node) ||
      (ts.isMethodSignature(parent) && parent.name === node) ||
      (ts.isMethodDeclaration(parent) && parent.name === node) ||
      ts.isTypeReferenceNode(parent);
    return isPropertyName ? undefined : node.text;
  });
}

function collect(file: SourceFile, pick: (node: ts.Node) => string | undefined): Found[] {
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  const found: Found[] = [];
  const visit = (node: ts.Node): void => {
    const text = pick(node);
    if (text !== undefined) {
      found.push({ text, line: source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

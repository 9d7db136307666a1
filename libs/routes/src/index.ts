// Routes as people write them: the document, its conditions, the shapes it comes from and goes to. Pure; nothing here serves.
export { compileCondition } from "./condition/compile-condition.ts";
export type { Condition, ReportProblem } from "./condition/condition.ts";
export type { BudgetFacts, CallerFacts, Facts, ModelFacts, RequestFacts } from "./condition/facts.ts";
export type { ChangedNode, DiffNode, DocumentDiff, FieldChange, FieldValue } from "./diff/diff-documents.ts";
export { diffDocuments } from "./diff/diff-documents.ts";
export { formatDiff } from "./diff/format-diff.ts";
export { checkGraph, edgesOf } from "./document/check-graph.ts";
export { readRouteDocument, readRouteText } from "./document/read-document.ts";
export * from "./document/route-document.ts";
export type { ExpectedSaving, Preset } from "./presets/preset.ts";
export { presetFor, presets } from "./presets/presets.ts";
export type { CloudflareProblem } from "./shapes/check-cloudflare.ts";
export { checkCloudflareElements } from "./shapes/check-cloudflare.ts";
export type { WrittenElement } from "./shapes/elements/write-elements.ts";
export { exportRoute, toCloudflareElements } from "./shapes/export-route.ts";
export { importCloudflareElements, importRoute } from "./shapes/import-route.ts";
export type { ExportedRoute, ImportedRoute, RouteShape } from "./shapes/route-shape.ts";
export { ROUTE_SHAPES } from "./shapes/route-shape.ts";

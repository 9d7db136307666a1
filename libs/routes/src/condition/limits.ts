// The limits of conditions. A condition beyond one of them is refused when the route is saved.

/** Of a condition as CEL text; Mongo-like JSON counts as the text it compiles to. */
export const CONDITION_CHARACTERS_MAX = 16_384;
/** Names, literals, operators and calls together. */
export const CONDITION_NODES_MAX = 4_000;
/** Parentheses, calls, indexes and lists inside each other. */
export const CONDITION_DEPTH_MAX = 64;
/** Elements of one list literal, in CEL and in $in and $nin. */
export const CONDITION_LIST_MAX = 200;
/** Field comparisons and operators of a Mongo-like condition. */
export const MONGO_TERMS_MAX = 200;
/** $and, $or, $nor and $not inside each other. */
export const MONGO_DEPTH_MAX = 16;
/** Of one text a Mongo-like condition compares with. */
export const MONGO_TEXT_CHARACTERS_MAX = 1_000;

/** Steps of one evaluation at worst; 10 to 30 ns each, so a few milliseconds for the worst condition that is let in. */
export const CONDITION_COST_MAX = 200_000;
/** Entries all() and exists() look at in `model`; with more, they have no value. */
export const MODEL_ENTRIES_MAX = 2_000;
/** The same for every other map. */
export const MAP_ENTRIES_MAX = 256;
/** Longer texts match no pattern: matches() has no value then. */
export const MATCH_TEXT_CHARACTERS_MAX = 512;
/** What one instruction of a pattern at one character counts for: up to 120 ns, while its states are not yet known. */
export const MATCH_STEPS = 4;
export const PATTERN_CHARACTERS_MAX = 500;
/** What contains(), startsWith() and the like count for. */
export const TEXT_STEPS = 16;

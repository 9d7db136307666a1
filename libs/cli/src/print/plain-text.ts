// Text from elsewhere as a terminal may show it: what would steer the terminal is written out instead.

/** Line breaks and other control characters become visible. */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    const known = { "\n": "\\n", "\t": "\\t", "\r": "\\r" }[character];
    return known ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

interface Branch {
  readonly children: Map<string, Branch>;
  ends: boolean;
}

/**
 * The source of a regular expression that matches any of the texts, the longest that fits, whatever their case; by
 * their beginnings, so that a thousand cost no more than one. None for none.
 */
export function literalsSource(texts: readonly string[]): string | null {
  if (texts.length === 0) return null;
  const root: Branch = { children: new Map(), ends: false };
  for (const text of texts) {
    let branch = root;
    for (const character of text.toLowerCase()) {
      const next = branch.children.get(character) ?? { children: new Map(), ends: false };
      branch.children.set(character, next);
      branch = next;
    }
    branch.ends = true;
  }
  return sourceOf(root);
}

function sourceOf(branch: Branch): string {
  const parts = [...branch.children].map(([character, next]) => escapedCharacter(character) + sourceOf(next));
  if (parts.length === 0) return '';
  return parts.length === 1 && !branch.ends ? parts[0]! : `(?:${parts.join('|')})${branch.ends ? '?' : ''}`;
}

function escapedCharacter(character: string): string {
  return character.replace(/[.*+?^${}()|[\]\\/-]/, '\\$&');
}

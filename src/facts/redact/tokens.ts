/** What a value tells of: each kind is numbered by itself. */
export type Kind =
  | 'secret'
  | 'serial'
  | 'host'
  | 'user'
  | 'label'
  | 'network'
  | 'target'
  | 'file'
  | 'uuid'
  | 'mac'
  | 'wwn'
  | 'text';

/** What stands in place of a password, as in the differences that are shown. */
const HIDDEN = '(hidden)';

/** A name for each value, the same for the same: what was equal is equal still, and nothing of it is kept. */
export class Tokens {
  readonly #known = new Map<string, string>();
  readonly #counts = new Map<Kind, number>();

  of(kind: Kind, value: string): string {
    if (kind === 'secret') return HIDDEN;
    const key = `${kind} ${value.toLowerCase()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const number = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, number);
    const token = tokenOf(kind, value, number);
    this.#known.set(key, token);
    return token;
  }
}

function tokenOf(kind: Kind, value: string, number: number): string {
  switch (kind) {
    case 'uuid':
    case 'wwn':
      return shaped(value, number.toString());
    case 'mac':
      // Administered locally (IEEE 802c): no maker has given it to anybody.
      return `02${shaped(value.slice(2), number.toString(16))}`;
    case 'serial':
      return `SERIAL${number}`;
    case 'target':
      return `iqn.2000-01.invalid:target-${number}`;
    default:
      return `${kind}-${number}`;
  }
}

/** As long as the value and grouped like it: nothing but zeros, and the number at its end. */
function shaped(value: string, digits: string): string {
  const rest = [...digits];
  return [...value]
    .reverse()
    .map((c) => (/[0-9a-z]/i.test(c) ? (rest.pop() ?? '0') : c))
    .reverse()
    .join('');
}

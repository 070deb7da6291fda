import { addressShort } from '../model/address.ts';
import type { Proof } from '../proof/proof.ts';
import { tableRows } from './table.ts';
import type { Style } from './terminal.ts';

const MARK = { proven: '✓', disproven: '✗', 'not-yet': '·', 'not-observable': '?' } as const;

export function proofsText(proofs: readonly Proof[], style: Style, columns: number | null = null): string[] {
  const rows = proofs.map((p) => [
    `  ${MARK[p.state]}`,
    p.subject === null ? '' : addressShort(p.subject),
    p.name,
    p.state,
    p.why,
  ]);
  return tableRows(rows, columns).flatMap((lines, i) => {
    const { state } = proofs[i]!;
    const paint = state === 'proven' ? style.good : state === 'disproven' ? style.bad : null;
    return paint === null ? lines : lines.map(paint);
  });
}

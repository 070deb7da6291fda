import { addressShort } from '../model/address.ts';
import type { Proof } from '../proof/proof.ts';
import { table } from './table.ts';
import { harmless, type Style } from './terminal.ts';

const MARK = { proven: '✓', disproven: '✗', 'not-yet': '·', 'not-observable': '?' } as const;

export function proofsText(proofs: readonly Proof[], style: Style): string[] {
  const rows = proofs.map((p) => [
    `  ${MARK[p.state]}`,
    p.subject === null ? '' : addressShort(p.subject),
    p.name,
    p.state,
    harmless(p.why),
  ]);
  return table(rows).map((line, i) => {
    const state = proofs[i]!.state;
    return state === 'proven' ? style.good(line) : state === 'disproven' ? style.bad(line) : line;
  });
}

// Writes schemas/ from the documents' own definitions; `--check` compares instead.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { JournalRecord } from '../src/apply/record.ts';
import { RunReport } from '../src/apply/report.ts';
import { Snapshot } from '../src/facts/snapshot.ts';
import { Findings } from '../src/findings/finding.ts';
import { Plan } from '../src/plan/plan.ts';
import { Proofs } from '../src/proof/proof.ts';
import {
  EventDocument,
  FailureDocument,
  HistoryDocument,
  KeepDocument,
  ListDocument,
  ShowDocument,
  StatusDocument,
  TryDocument,
} from '../src/report/documents.ts';

export const documents: Readonly<Record<string, z.core.$ZodType>> = {
  event: EventDocument,
  failure: FailureDocument,
  findings: Findings,
  history: HistoryDocument,
  'journal-record': JournalRecord,
  keep: KeepDocument,
  list: ListDocument,
  plan: Plan,
  proof: Proofs,
  run: RunReport,
  show: ShowDocument,
  snapshot: Snapshot,
  status: StatusDocument,
  try: TryDocument,
};

const folder = join(dirname(fileURLToPath(import.meta.url)), '../schemas');

if (import.meta.main) {
  const check = process.argv.includes('--check');
  mkdirSync(folder, { recursive: true });
  const stale: string[] = [];
  for (const [name, document] of Object.entries(documents)) {
    const path = join(folder, `${name}.json`);
    const text = `${JSON.stringify(z.toJSONSchema(document), null, 2)}\n`;
    if (!check) writeFileSync(path, text);
    else if (read(path) !== text) stale.push(`schemas/${name}.json`);
  }
  if (stale.length > 0) {
    console.error(`${stale.join(', ')}: stale; run: node packaging/schemas.ts`);
    process.exit(1);
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

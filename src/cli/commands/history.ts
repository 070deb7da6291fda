import { type Run, runStatus, runsRead } from '../../apply/journal.ts';
import { addressShort } from '../../model/address.ts';
import type { HistoryDocument } from '../../report/documents.ts';
import { table } from '../../report/table.ts';
import { harmless } from '../../report/terminal.ts';
import { type CliContext, print, printJson } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { type LookFlags, stateDirOf } from '../flags.ts';

export async function history(
  this: CliContext,
  flags: LookFlags & { readonly stateDir?: string },
): Promise<ExitCode> {
  const host = await this.open(flags.host);
  const runs = (await runsRead(host, stateDirOf(flags))).map(entry);
  if (flags.json) {
    const document: HistoryDocument = { schema: 'vfioctl/history/1', runs };
    printJson(this, document);
    return EXIT.done;
  }
  if (runs.length === 0) print(this, 'no runs yet');
  else {
    const rows = runs.map((r) => [
      String(r.run),
      r.at.replace('T', ' ').slice(0, 19),
      r.status,
      r.verb,
      r.functions.map(addressShort).join(' ') || '-',
      r.guest === null ? '-' : harmless(r.guest),
    ]);
    print(this, table([['RUN', 'WHEN (UTC)', 'STATUS', 'VERB', 'FUNCTIONS', 'GUEST'], ...rows]).join('\n'));
  }
  return EXIT.done;
}

/** Only what may be shown: definitions in the journal hold secrets. */
function entry(run: Run): HistoryDocument['runs'][number] {
  const { plan, at, argv } = run.head;
  return {
    run: run.number,
    at,
    status: runStatus(run),
    verb: plan.verb,
    functions: plan.functions,
    guest: plan.guest?.name ?? null,
    command: argv,
  };
}

import { deadManOf } from '../../apply/dead-man.ts';
import { journalsRead, type Run, runStatus } from '../../apply/journal.ts';
import type { Host } from '../../host/host.ts';
import { addressShort } from '../../model/address.ts';
import { wordQuoted } from '../../plan/show.ts';
import type { HistoryDocument } from '../../report/documents.ts';
import { table } from '../../report/table.ts';
import { harmless } from '../../report/terminal.ts';
import { type CliContext, print, printJson, tell } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { type LookFlags, stateDirOf } from '../flags.ts';

export async function history(
  this: CliContext,
  flags: LookFlags & { readonly stateDir?: string },
): Promise<ExitCode> {
  const host = await this.open(flags.host);
  const known = await journalsRead(host, stateDirOf(flags));
  const runs = known.runs.map((run) => entry(host, run));
  const unreadable = known.unreadable.map(({ number, why }) => ({ run: number, why }));
  if (flags.json) {
    const document: HistoryDocument = {
      schema: 'vfioctl/history/1',
      runs,
      ...(unreadable.length > 0 ? { unreadable } : {}),
    };
    printJson(this, document);
    return EXIT.done;
  }
  if (runs.length + unreadable.length === 0) print(this, 'no runs yet');
  if (runs.length > 0) {
    const rows = runs.map((r) => [
      String(r.run),
      r.at.replace('T', ' ').slice(0, 19),
      r.due === undefined ? r.status : `${r.status} until ${r.due.slice(11, 19)}`,
      r.verb,
      r.functions.map(addressShort).join(' ') || '-',
      r.guest ?? '-',
      ...(flags.verbose ? [['vfioctl', ...r.command].map(wordQuoted).join(' ')] : []),
    ]);
    const heading = ['RUN', 'WHEN (UTC)', 'STATUS', 'VERB', 'FUNCTIONS', 'GUEST'];
    if (flags.verbose) heading.push('COMMAND');
    print(this, table([heading, ...rows], this.columns).join('\n'));
  }
  for (const { run, why } of unreadable) tell(this, harmless(`run ${run} cannot be read: ${why}`));
  return EXIT.done;
}

/** Only what may be shown: definitions in the journal hold secrets. */
function entry(host: Host, run: Run): HistoryDocument['runs'][number] {
  const { plan, at, argv } = run.head;
  const armed = deadManOf(host, run);
  return {
    run: run.number,
    at,
    status: runStatus(run),
    verb: plan.verb,
    functions: plan.functions,
    guest: plan.guest?.name ?? null,
    command: argv,
    ...(armed && !armed.lost ? { due: armed.due } : {}),
  };
}

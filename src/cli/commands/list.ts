import type { PciFunction } from '../../facts/snapshot.ts';
import { Failure } from '../../failure.ts';
import { VERDICT_NEEDS, type Verdict, verdictOf } from '../../findings/verdict.ts';
import { addressShort } from '../../model/address.ts';
import type { HostModel } from '../../model/model.ts';
import { selectorMatches } from '../../model/selector.ts';
import type { ListDocument } from '../../report/documents.ts';
import { table } from '../../report/table.ts';
import { type CliContext, print, printJson } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { LookFlags } from '../flags.ts';
import { type Look, lookAt } from '../look.ts';

interface ListFlags extends LookFlags {
  readonly by?: 'slot' | 'group' | 'class';
}

export async function list(this: CliContext, flags: ListFlags, query?: string): Promise<ExitCode> {
  const look = await lookAt(this, flags, VERDICT_NEEDS);
  const all =
    query === undefined ? [...look.model.functions.values()] : selectorMatches(look.model, query, look.name);
  if (query !== undefined && all.length === 0) {
    throw new Failure('not-found', `no PCI function matches '${query}'`, 'vfioctl list shows all functions');
  }
  const functions = ordered(all, flags.by ?? 'slot');
  if (flags.json) {
    const document: ListDocument = {
      schema: 'vfioctl/list/1',
      functions: functions.map((f) => entry(look, f)),
    };
    printJson(this, document);
  } else {
    const rows = functions.map((f) => row(look.model, f, look.name(f)));
    print(this, table([['ADDRESS', 'GROUP', 'DRIVER', 'VERDICT', 'NAME'], ...rows], this.columns).join('\n'));
  }
  return EXIT.done;
}

function ordered(functions: readonly PciFunction[], by: 'slot' | 'group' | 'class'): PciFunction[] {
  const last = Number.MAX_SAFE_INTEGER;
  if (by === 'group') return [...functions].sort((a, b) => (a.group ?? last) - (b.group ?? last));
  if (by === 'class') return [...functions].sort((a, b) => a.class.localeCompare(b.class));
  return [...functions];
}

function row(model: HostModel, fn: PciFunction, name: string): string[] {
  const group = fn.group === null ? '-' : String(fn.group);
  return [addressShort(fn.address), group, fn.driver ?? '-', verdictOf(model, fn.address).text, name];
}

function entry(look: Look, fn: PciFunction): ListDocument['functions'][number] {
  const verdict: Verdict = verdictOf(look.model, fn.address);
  return {
    address: fn.address,
    id: `${fn.vendor}:${fn.device}`,
    class: fn.class,
    name: look.name(fn),
    bridge: fn.bridge,
    driver: fn.driver,
    group: fn.group,
    verdict,
    guests: look.model.lends.filter((l) => l.address === fn.address).map((l) => l.guest.name),
  };
}

import { type AddedController, controllersAddedSince } from '../edit/xml/domain.ts';
import { aliasesOurs } from '../edit/xml/hostdev.ts';
import { type Run, runIntent, runOutcome, runStatus } from './journal.ts';

/**
 * The PCI controllers that libvirt added to a guest's definition for our lends, back to when the guest had none of
 * ours: what became empty of them goes with the lend. Controllers that the user keeps spare are never among them.
 */
export function controllersLent(runs: readonly Run[], guest: string): AddedController[] {
  const added: AddedController[] = [];
  for (const run of runs.toReversed()) {
    const { plan } = run.head;
    if (plan.verb !== 'assign' || plan.guest?.uuid !== guest || runStatus(run) === 'undone') continue;
    const steps = plan.steps
      .filter((s) => s.kind === 'guest-hostdev' && s.target.scope === 'config')
      .map((s) => s.id);
    const before = steps.map((id) => runIntent(run, id)?.before.xml).find((xml) => xml !== undefined);
    const after = steps.map((id) => runOutcome(run, id)?.after.xml).findLast((xml) => xml !== undefined);
    if (before === undefined || after === undefined) continue;
    added.push(...controllersAddedSince(before, after));
    if (!aliasesOurs(before)) break;
  }
  return added;
}

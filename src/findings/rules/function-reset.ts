import { factOf } from '../../facts/gap.ts';
import type { PciFunction } from '../../facts/snapshot.ts';
import { addressShort } from '../../model/address.ts';
import { clear, evidence, found, type Rule, undecided } from '../rule.ts';
import { eachFunction, sysfsOf } from '../subject.ts';
import { unknown } from '../unread.ts';

const id = 'function-reset';

export const functionReset: Rule = {
  id,
  title: 'reset',
  about: 'function',
  needs: ['functions', 'config'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'warning' }, (fn) => {
      const path = sysfsOf(fn.address, 'reset_method');
      const methods = factOf(model.snapshot, 'functions.resetMethods', fn.address, fn.resetMethods);
      if (methods.state === 'read' && methods.value.length > 0) {
        const list = methods.value.join(', ');
        return clear(id, fn.address, `the kernel can reset it: ${list}`, [evidence(path, list)]);
      }
      if (methods.state !== 'read') {
        const own = ownResets(fn);
        if (own.length > 0) return clear(id, fn.address, `it can reset itself: ${own.join(', ')}`);
        // Behind a bridge there may be a reset of the bus; on the root bus the kernel has none.
        if (methods.state === 'absent' && fn.path.length > 0) {
          return undecided(id, fn.address, 'warning', 'unknown (this kernel does not list reset methods)');
        }
        if (fn.capabilities === undefined || fn.path.length > 0) {
          return unknown(id, fn.address, 'warning', model, 'functions.resetMethods', fn.address);
        }
      }
      const refused = isDisplay(fn) && methods.state === 'read';
      return found(id, fn.address, {
        severity: refused ? 'guard' : 'warning',
        why: `the kernel knows no way to reset ${addressShort(fn.address)}: the guest gets it as the host left it, and the host as the guest left it`,
        evidence: [evidence(path, 'absent')],
        accept: refused ? `no reset for ${addressShort(fn.address)}` : null,
        remedy: {
          text: 'shut the guest down properly, never kill it; if the device does not come back, only a power cycle helps',
          command: null,
          cost: null,
        },
      });
    }),
  signatures: [
    /Cannot reset device [0-9a-f:.]+, no available reset mechanism/,
    /Cannot reset device [0-9a-f:.]+, depends on group \d+ which is not owned/,
    /Unable to reset PCI device \S+: no FLR, PM reset or bus reset available/,
  ],
  explainsAway: [],
  page: {
    what: 'The function has no function level reset, no power management reset, and cannot be reset through its bus.',
    why: 'VFIO resets a function before and after a guest uses it. When it cannot, QEMU only notes `Cannot reset device …, no available reset mechanism`, and the guest’s driver finds the device in whatever state it is. Sound and network controllers mostly bear that. A graphics card often does not: it works in the first guest that has it, and then in none, nor on the host, until the power is cut; so for display controllers this refuses, where the kernel (5.15 or later) says that there is no method. `depends on group M which is not owned` is another case: the only reset goes through a bus that others are on.',
    cure: 'It may simply work: that is why this is a warning for most classes. Shut guests down in order. For a device that stays dead, cut the power.',
  },
};

/** Before Linux 5.15 there is no `reset_method` to read, but the configuration space tells what the function offers. */
function ownResets(fn: PciFunction): string[] {
  const config = fn.capabilities;
  if (config === undefined) return [];
  return [...(config.flr || config.afFlr ? ['flr'] : []), ...(config.pmReset ? ['pm'] : [])];
}

/** Display controllers keep much state, and are run by firmware of their own, which only a reset starts anew. */
function isDisplay(fn: PciFunction): boolean {
  return fn.class.startsWith('03');
}

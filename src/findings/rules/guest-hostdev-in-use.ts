import { lendsParse } from '../../edit/xml/metadata.ts';
import type { PciFunction } from '../../facts/snapshot.ts';
import { addressShort } from '../../model/address.ts';
import type { GuestModel } from '../../model/guest.ts';
import type { HostModel } from '../../model/model.ts';
import { functionLabel } from '../function-word.ts';
import { LOSS_NEEDS } from '../loss.ts';
import { platformPart } from '../platform.ts';
import { loseWords } from '../refusal.ts';
import { clear, evidence, found, type Rule } from '../rule.ts';
import { guestSource, guestWord, sysfsOf, theGuest } from '../subject.ts';
import { unknown } from '../unread.ts';
import { allUses } from '../use/all.ts';
import type { Use } from '../use/use.ts';

const id = 'guest-hostdev-in-use';

export const guestHostdevInUse: Rule = {
  id,
  title: "guest's other functions",
  about: 'guest',
  needs: [...LOSS_NEEDS, 'libvirt'],
  predict: (model, question) => {
    // Only a start takes them; until then it is as well to know.
    const severity = question.start ? 'guard' : 'warning';
    return theGuest(model, question, { id, severity }, (guest) => {
      if (guest.active) return clear(id, guest.name, 'it runs, and has what it was started with');
      const others = guest.hostdevs.flatMap(({ source }) => {
        const fn = model.functions.get(source);
        return fn && !question.functions.includes(source) ? [fn] : [];
      });
      const answers = others.map((fn) => ({ fn, answer: losses(model, guest, fn) }));
      const taken = answers.flatMap(({ fn, answer }) =>
        answer.state === 'read' && answer.uses.length > 0 ? [{ fn, uses: answer.uses }] : [],
      );
      const first = taken[0];
      if (first) {
        const uses = taken.flatMap((one) => one.uses);
        const told = taken.map(
          (one) => `${functionLabel(one.fn)}: ${one.uses.map((use) => use.evidence.text).join('; ')}`,
        );
        return found(id, guest.name, {
          severity,
          why: `its definition also takes what the host uses, at the next start: ${told.join('; ')}`,
          evidence: uses.map((use) => use.evidence),
          remedy: {
            text: 'take it out of the definition first',
            command: `vfioctl release ${addressShort(first.fn.address)} --from ${guestWord(guest)}`,
            cost: null,
          },
          accept: uses.some((use) => use.vital) ? null : loseWords(uses.map((use) => use.name)),
        });
      }
      const unread = answers.find(({ answer }) => answer.state === 'unread')?.answer;
      if (unread?.state === 'unread') return unknown(id, guest.name, severity, model, unread.fact, unread.of);
      return clear(id, guest.name, 'its definition takes nothing else that the host uses');
    });
  },
  signatures: [],
  explainsAway: [],
  page: {
    what: 'The definition of the guest, as it is, takes another function at the next start that the host uses, that is a part of the machine, or that is not the one which was lent.',
    why: 'A start takes everything that the definition names, also what was put there long ago: the host may have begun to use it since, and after a card was added or moved the same address is another device, such as the host’s own disk. libvirt looks at the address alone. Lending one thing more and starting the guest would take all the rest along without a word.',
    cure: 'Release what the guest shall not have (`vfioctl release ADDRESS --from GUEST`), and lend the device again where it is now. Without `--start` this only warns.',
  },
};

type Losses =
  | { readonly state: 'read'; readonly uses: readonly Use[] }
  | { readonly state: 'unread'; readonly fact: string; readonly of: string | null };

function losses(model: HostModel, guest: GuestModel, fn: PciFunction): Losses {
  const name = addressShort(fn.address);
  const lent = lendsParse(guest.fact.inactiveXml).find((note) => note.address === fn.address)?.id;
  const now = `${fn.vendor}:${fn.device}`;
  const stranger = lent !== undefined && lent !== now;
  const text = `it is ${now} now, and ${lent} was lent`;
  const moved: Use[] = stranger ? [{ name, busy: true, evidence: evidence(guestSource(guest), text) }] : [];
  const part = platformPart(fn);
  const machine: Use[] =
    part === null
      ? []
      : [
          {
            name,
            busy: true,
            vital: part.never,
            evidence: evidence(sysfsOf(fn.address, 'class'), part.loss),
          },
        ];
  const answer = allUses(model, fn);
  const known = [...moved, ...machine];
  if (answer.state === 'unread' && known.length === 0) return answer;
  const busy = answer.state === 'read' ? answer.uses.filter((use) => use.busy) : [];
  return { state: 'read', uses: [...known, ...busy] };
}

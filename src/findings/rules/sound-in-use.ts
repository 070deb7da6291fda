import { inUseFinding } from '../in-use.ts';
import type { Rule } from '../rule.ts';
import { eachFunction } from '../subject.ts';
import { soundUses } from '../use/sound.ts';

const id = 'sound-in-use';

export const soundInUse: Rule = {
  id,
  title: 'sound in use',
  about: 'function',
  verdict: 'used by the host',
  needs: ['functions', 'sound'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'guard' }, (fn) =>
      inUseFinding(id, model, fn, soundUses(model, fn), {
        nothing: 'no sound card of the host is on it',
        remedy: 'stop what plays or records, or move it to another card',
      }),
    ),
  signatures: [],
  explainsAway: [],
  page: {
    what: 'A process has a PCM device of this sound card open.',
    why: 'The card vanishes under it: playing stops with an error, a recording is cut. The kernel cuts its users off and then waits until each of them has closed its files, so that a program that does not lets the unbind hang. A sound server that keeps only the mixer open closes it when it is told: it is named, and is no user. A card on USB counts for the controller that it hangs on.',
    cure: 'Stop the program, or choose another output in the sound server; idle cards are closed after some seconds. Programs can be told to go: the words that override this name the card.',
  },
};

import { inUseFinding } from '../in-use.ts';
import type { Rule } from '../rule.ts';
import { eachFunction } from '../subject.ts';
import { soundUses } from '../use/sound.ts';

const id = 'sound-in-use';

export const soundInUse: Rule = {
  id,
  title: 'sound in use',
  about: 'function',
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
    why: 'The card vanishes under it: playing stops with an error, a recording is cut. The kernel lets the card go all the same, so nothing else would say so. A sound server that keeps only the mixer open is no user.',
    cure: 'Stop the program, or choose another output in the sound server; idle cards are closed after some seconds. Programs can be told to go: the words that override this name the card.',
  },
};

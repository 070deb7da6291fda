import { inUseFinding } from '../in-use.ts';
import type { Rule } from '../rule.ts';
import { eachFunction } from '../subject.ts';
import { displayUses } from '../use/display.ts';

const id = 'display-in-use';

export const displayInUse: Rule = {
  id,
  title: 'display in use',
  about: 'function',
  needs: ['functions', 'display'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'guard' }, (fn) =>
      inUseFinding(id, model, fn, displayUses(model, fn), {
        nothing: 'no display is on it',
        remedy: 'have another way into the machine, and stop what draws on it, before lending it',
      }),
    ),
  signatures: [/BAR \d: can't reserve \[mem/, /Attempting to remove device \S+ with non-zero usage count/],
  explainsAway: ['function-class'],
  page: {
    what: 'The firmware started its display on this function (`boot_vga`), or a process has its DRM node open.',
    why: "The console goes dark, and a driver with open users may never let go: the unbind then hangs in the kernel. The boot framebuffer can hold the card’s memory even without a driver (`BAR 0: can't reserve`).",
    cure: 'Let the firmware start on another card, stop the compositor, and make sure of a way in over the network first.',
  },
};

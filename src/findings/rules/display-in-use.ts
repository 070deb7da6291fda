import { inUseFinding } from '../in-use.ts';
import type { Rule } from '../rule.ts';
import { eachFunction } from '../subject.ts';
import { displayUses } from '../use/display.ts';

const id = 'display-in-use';

export const displayInUse: Rule = {
  id,
  title: 'display in use',
  about: 'function',
  verdict: 'used by the host',
  needs: ['functions', 'display', 'console'],
  predict: (model, question) =>
    eachFunction(model, question, { id, severity: 'guard' }, (fn) =>
      inUseFinding(id, model, fn, displayUses(model, fn, question.functions), {
        nothing: 'no display is on it',
        remedy: 'have another way into the machine, and stop what draws on it, before lending it',
      }),
    ),
  signatures: [/BAR \d: can't reserve \[mem/, /Attempting to remove device \S+ with non-zero usage count/],
  explainsAway: [],
  page: {
    what: 'The host’s screen stands on this function: the firmware started its display on it (`boot_vga`), no other GPU stays with the host, a process has its DRM node open, the text console shows on its framebuffer, or the framebuffer of the firmware lies in its memory (`BOOTFB`, `efifb` or `simpledrm` in `/proc/iomem`). The screen of a management controller is one like any other.',
    why: "The console goes dark, and a driver with open users may never let go: the unbind then hangs in the kernel. The boot framebuffer can hold the card’s memory even without a driver (`BAR 0: can't reserve`). A GPU that is on vfio-pci already shows nothing of the host, so that only such a framebuffer still counts.",
    cure: 'Let the firmware start on another card, stop the compositor, and make sure of a way in over the network first. Each program that draws on it is named.',
  },
};

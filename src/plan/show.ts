import { typeable } from '../findings/refusal.ts';
import { addressNodeDevice, addressShort } from '../model/address.ts';
import type { Plan } from './plan.ts';
import type { Step } from './step.ts';

/** A step in a person's words. */
export function stepText(step: Step): string {
  switch (step.kind) {
    case 'guest-hostdev': {
      const { address, guest, scope } = step.target;
      const where = scope === 'live' ? `the running ${guest.name}` : `${guest.name}'s definition`;
      return step.after.xml === null
        ? `take ${addressShort(address)} out of ${where}`
        : `put ${addressShort(address)} into ${where}`;
    }
    case 'guest-metadata':
      return `note in ${step.target.guest.name}'s metadata ${step.after.xml === null ? 'that nothing is lent' : 'who is lent'}`;
    case 'guest-start':
      return step.after.running
        ? `start ${step.target.guest.name}`
        : `shut ${step.target.guest.name} down and wait for it`;
    case 'guest-autostart':
      return `${step.after.on ? 'let' : 'do not let'} ${step.target.guest.name} start with the host`;
    case 'driver-bind':
      return step.after.driver === null
        ? `see that ${addressShort(step.target.address)} is back on its host driver`
        : `see that ${addressShort(step.target.address)} is on ${step.after.driver}`;
    case 'module-load':
      return `${step.after.loaded ? 'load' : 'unload'} the module ${step.target.module}`;
    case 'kernel-argument':
      return `${step.after.present ? 'add' : 'remove'} the kernel argument ${step.target.argument} ${step.after.present ? 'to' : 'from'} every boot entry`;
    case 'reboot':
      return `reboot: ${step.target.why}`;
  }
}

/** The same as the lines that a person would type; what libvirt does by itself is a comment. */
export function stepShell(step: Step, uri: string): string[] {
  const virsh = uri === 'qemu:///system' ? 'virsh' : `virsh --connect ${wordQuoted(uri)}`;
  switch (step.kind) {
    case 'guest-hostdev': {
      const { guest, scope } = step.target;
      const verb = step.after.xml === null ? 'detach-device' : 'attach-device';
      const xml = (step.after.xml ?? step.before.xml ?? '').trimEnd().split('\n').map(xmlVisible);
      let end = 'XML';
      while (xml.includes(end)) end += 'X';
      return [`${virsh} ${verb} ${wordQuoted(guest.uuid)} /dev/stdin --${scope} <<'${end}'`, ...xml, end];
    }
    case 'guest-metadata': {
      const at = `${virsh} metadata ${wordQuoted(step.target.guest.uuid)} --uri ${METADATA_URI} --key vfioctl --config`;
      return [
        step.after.xml === null
          ? `${at} --remove`
          : `${at} --set ${wordQuoted(step.after.xml.replace(/\n\s*/g, ''))}`,
      ];
    }
    case 'guest-start':
      return [`${virsh} ${step.after.running ? 'start' : 'shutdown'} ${wordQuoted(step.target.guest.uuid)}`];
    case 'guest-autostart':
      return [`${virsh} autostart ${step.after.on ? '' : '--disable '}${wordQuoted(step.target.guest.uuid)}`];
    case 'driver-bind': {
      const vfio = step.after.driver !== null && /vfio/.test(step.after.driver);
      return [`${virsh} nodedev-${vfio ? 'detach' : 'reattach'} ${addressNodeDevice(step.target.address)}`];
    }
    case 'module-load':
      return [`modprobe ${step.after.loaded ? '' : '-r '}${wordQuoted(step.target.module)}`];
    case 'kernel-argument':
      return [
        `grubby --update-kernel=ALL --${step.after.present ? 'args' : 'remove-args'}=${wordQuoted(step.target.argument)}`,
      ];
    case 'reboot':
      return ['systemctl reboot'];
  }
}

/** The step that takes this one back, as data: before and after change places. */
export function stepReversed(step: Step): Step {
  return { ...step, before: step.after, after: step.before } as Step;
}

/**
 * Plan and undo as a plain script that runs without vfioctl. Definitions and names may come from anybody: what they
 * hold stays one word, one comment or one document of it, and no control character of theirs reaches a terminal.
 */
export function planScript(plan: Plan, uri: string): string {
  const undoable = plan.steps.toReversed().filter((step) => step.kind !== 'reboot');
  const lines = [
    '#!/bin/sh',
    `# vfioctl ${plan.verb} ${plan.functions.join(' ')}`,
    'set -e',
    'export LC_ALL=C',
    '',
    ...plan.steps.flatMap((step) => [`# ${typeable(stepText(step))}`, ...stepShell(step, uri), '']),
    ...(plan.deferred ?? []).flatMap((step) => [
      `# ${typeable(stepText(step))}, once it has been proven:`,
      ...commented(stepShell(step, uri)),
      '',
    ]),
    '# To take it back, last first:',
    ...undoable.flatMap((step) => commented(stepShell(stepReversed(step), uri))),
  ];
  return `${lines.join('\n')}\n`;
}

const METADATA_URI = 'urn:vfioctl:lends:1';

/** A quoted name may hold line breaks. */
function commented(lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split('\n')).map((line) => `#   ${line}`);
}

/** What would act on a terminal, as the number that means the same to XML. */
function xmlVisible(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) =>
    c === '\t' ? c : `&#x${c.codePointAt(0)!.toString(16)};`,
  );
}

/** A word as a shell takes it for one. */
export function wordQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

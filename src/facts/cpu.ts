import type { Look } from './look.ts';
import type { Snapshot } from './snapshot.ts';

/** Of /proc/cpuinfo the first processor is enough; a machine may have hundreds. */
const FIRST_PROCESSOR = 8192;

export function cpuFacts(look: Look): Snapshot['cpu'] {
  const text = look.text('cpu', '/proc/cpuinfo', null, FIRST_PROCESSOR);
  if (text === undefined) return undefined;
  const field = (name: string) => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(text ?? '')?.[1] ?? null;
  const flags = field('flags')?.split(' ') ?? [];
  return {
    vendor: field('vendor_id'),
    model: field('model name'),
    virtualization: flags.includes('vmx') ? 'vmx' : flags.includes('svm') ? 'svm' : null,
    kvm: look.host.exists('/dev/kvm'),
  };
}

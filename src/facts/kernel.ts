import { gunzipSync } from 'node:zlib';
import type { Look } from './look.ts';
import type { Snapshot } from './snapshot.ts';

const RELEASE = '/proc/sys/kernel/osrelease';
const CONFIG_MAX = 1024 * 1024;
/** Options that decide whether a function can be lent, and what plays on a card that is given back. */
const OPTION =
  /^(CONFIG_(?:\w*IOMMU\w*|\w*IRQ_REMAP\w*|VFIO\w*|KVM\w*|HAVE_KVM|SND|SND_PCI|SND_HDA_INTEL|SND_USB_AUDIO))=(.*)$/gm;

export function kernelRelease(look: Look, fact: string): string | null | undefined {
  return look.text(fact, RELEASE);
}

export function kernelFacts(look: Look): Snapshot['kernel'] {
  const release = kernelRelease(look, 'kernel');
  const commandLine = look.text('kernel', '/proc/cmdline');
  const lockdown = look.text('kernel.lockdown', '/sys/kernel/security/lockdown');
  if (release === null || commandLine === null)
    look.gap('kernel', release === null ? RELEASE : '/proc/cmdline', 'absent');
  if (release == null || commandLine == null) return undefined;
  return {
    release,
    commandLine,
    // All modes are listed, the one in force in brackets.
    lockdown: /\[(\w+)\]/.exec(lockdown ?? '')?.[1] ?? null,
    config: configOf(look, release),
    distribution: distribution(look),
  };
}

/** Where distributions keep the configuration; the kernel itself may carry it, compressed. */
function configOf(look: Look, release: string): Record<string, string> | null {
  const text =
    look.text('kernel.config', `/boot/config-${release}`, null, CONFIG_MAX) ??
    embeddedConfig(look) ??
    look.text('kernel.config', `/lib/modules/${release}/config`, null, CONFIG_MAX);
  if (text == null) return null;
  return Object.fromEntries([...text.matchAll(OPTION)].map(([, name, value]) => [name!, value!]));
}

function embeddedConfig(look: Look): string | null {
  const path = '/proc/config.gz';
  const bytes = look.known('kernel.config', path, look.host.readBytes(path));
  if (!bytes) return null;
  try {
    return gunzipSync(bytes).toString('utf8');
  } catch {
    look.gap('kernel.config', path, 'is no gzip file');
    return null;
  }
}

function distribution(look: Look): { id: string; name: string } | null {
  const text = look.text('kernel.distribution', '/etc/os-release');
  const field = (name: string) => new RegExp(`^${name}=["']?(.*?)["']?$`, 'm').exec(text ?? '')?.[1];
  const id = field('ID');
  return id === undefined ? null : { id, name: field('NAME') ?? id };
}

import { kernelLog } from './log.ts';
import type { Look } from './look.ts';
import type { Snapshot } from './snapshot.ts';

const AUDIT_LOG = '/var/log/audit/audit.log';
const DENIAL = /avc: {1,4}denied|apparmor="DENIED"/;
/** Of a guest's QEMU (svirt_t, profile libvirt-UUID), of libvirt's daemons, or about vfio. */
const OURS = /svirt|virt_|virtqemud|libvirt|qemu|vfio/;
const DENIALS_MAX = 50;

export async function securityFacts(look: Look): Promise<Snapshot['security']> {
  const selinux = look.text('security', '/sys/fs/selinux/enforce');
  const apparmor = look.text('security', '/sys/module/apparmor/parameters/enabled');
  if (selinux === undefined || apparmor === undefined) return undefined;
  const log = await kernelLog(look);
  // A host that runs auditd has its denials there, and not in the kernel's log.
  const lines = [...(log?.lines ?? []), ...(await auditDenials(look))];
  if (!log) look.gap('security.denials', null, 'the kernel log could not be read');
  return {
    selinux: selinux === null ? null : selinux === '1' ? 'enforcing' : 'permissive',
    apparmor: apparmor === null ? null : apparmor === 'Y',
    denials: lines.filter((line) => DENIAL.test(line) && OURS.test(line)).slice(-DENIALS_MAX),
  };
}

/** Only the lines that deny something: the audit log tells of people, too. */
async function auditDenials(look: Look): Promise<string[]> {
  if (!look.host.exists(AUDIT_LOG)) return [];
  const result = await look.host.run(['grep', '--text', '-E', 'avc: +denied|apparmor="DENIED"', AUDIT_LOG]);
  if (result.code === 0) return result.stdout.split('\n');
  if (result.code !== 1) look.gap('security.denials', AUDIT_LOG, result.stderr.trim());
  return [];
}

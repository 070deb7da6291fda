import type { Evidence, Finding } from '../finding.ts';
import { clear, evidence, found, type Rule } from '../rule.ts';
import { gapBeside, unknown } from '../unread.ts';

const id = 'security-denials';
const SHOWN = 5;

export const securityDenials: Rule = {
  id,
  title: 'denials',
  about: 'host',
  needs: ['security'],
  predict: (model) => {
    const security = model.snapshot.security;
    if (!security) return [unknown(id, 'host', 'warning', model, 'security')];
    const denials = security.denials;
    const last = denials.at(-1);
    if (last === undefined && gapBeside(model, 'security.denials', null)) {
      return [unknown(id, 'host', 'warning', model, 'security.denials')];
    }
    if (last === undefined) return [clear(id, 'host', 'nothing was denied to libvirt or its guests')];
    const shown: Evidence[] = denials
      .slice(-SHOWN)
      .map((line) => evidence('kernel or audit log', line.trim()));
    const { who, remedy, enforced } = explain(last);
    const count = denials.length === 1 ? '1 denial' : `${denials.length} denials`;
    const why = enforced
      ? `${count} in the log, the last for ${who}`
      : `${count} in the log, the last for ${who}, logged only`;
    return [
      found(id, 'host', {
        severity: enforced ? 'warning' : 'info',
        certainty: 'likely',
        why,
        evidence: shown,
        remedy,
      }),
    ];
  },
  signatures: [/\bavc: {1,4}denied/, /apparmor="DENIED"/],
  explainsAway: [],
  page: {
    what: 'SELinux or AppArmor denied something to libvirt or to a guest’s QEMU.',
    why: 'The message that follows is often about rights (`Permission denied` on `/dev/vfio`, on `config` in sysfs, on a ROM file) and sends people to `chmod` or to running as root, which do not help: the denial is decided by label or profile.',
    cure: 'Never switch enforcement off as a whole. SELinux: for sysfs the boolean `virt_use_sysfs`; to find out whether a policy is at fault, make only the guests’ domain permissive, `semanage permissive -a svirt_t`, and take it back with `-d`. AppArmor: put only the guest’s own profile (`libvirt-UUID`) in complain mode. A file outside libvirt’s directories is better moved there and relabelled (`restorecon`).',
  },
};

/** Who was denied what, and the narrowest remedy that this line carries. */
function explain(line: string): { who: string; remedy: Finding['remedy']; enforced: boolean } {
  const apparmor = field(line, 'profile');
  if (line.includes('apparmor="DENIED"') && apparmor !== null) return explainAppArmor(line, apparmor);
  const domain = contextType(line, 'scontext');
  const target = contextType(line, 'tcontext');
  const who = `${domain ?? 'an unknown domain'} on ${field(line, 'name') ?? target ?? 'an unknown object'}`;
  const enforced = field(line, 'permissive') !== '1';
  const guest = domain === 'svirt_t' || domain === 'svirt_tcg_t';
  if (!enforced || !guest) return { who, enforced, remedy: null };
  if (target === 'sysfs_t') {
    const text = 'let confined guests use sysfs: one boolean of the policy';
    return { who, enforced, remedy: { text, command: 'setsebool -P virt_use_sysfs on', cost: null } };
  }
  return {
    who,
    enforced,
    remedy: {
      text: `to find out whether the policy is at fault, make only the guests' domain permissive; take it back with semanage permissive -d ${domain}`,
      command: `semanage permissive -a ${domain}`,
      cost: 'all guests are less confined while it stands',
    },
  };
}

function explainAppArmor(
  line: string,
  profile: string,
): { who: string; remedy: Finding['remedy']; enforced: boolean } {
  const who = `${profile} on ${field(line, 'name') ?? field(line, 'operation') ?? 'an unknown object'}`;
  if (!/^libvirt-[0-9a-f-]{36}$/.test(profile)) return { who, enforced: true, remedy: null };
  const file = `/etc/apparmor.d/libvirt/${profile}`;
  const text = `to find out whether the profile is at fault, let only this guest's profile complain; take it back with aa-enforce ${file}`;
  return {
    who,
    enforced: true,
    remedy: { text, command: `aa-complain ${file}`, cost: 'that guest is not confined while it stands' },
  };
}

/** `name="config"` or `permissive=0` in an audit line. */
function field(line: string, name: string): string | null {
  const at = line.indexOf(` ${name}=`);
  if (at < 0) return null;
  const match = /^(?:"([^"]*)"|(\S+))/.exec(line.slice(at + name.length + 2));
  return match?.[1] ?? match?.[2] ?? null;
}

/** The type of an SELinux context: third of `user:role:type:level`. */
function contextType(line: string, name: string): string | null {
  return field(line, name)?.split(':')[2] ?? null;
}

import { clear, evidence, found, type Rule } from '../rule.ts';
import { unknown } from '../unread.ts';

const id = 'security-enforcing';

export const securityEnforcing: Rule = {
  id,
  title: 'mandatory access control',
  about: 'host',
  needs: ['security'],
  predict: (model) => {
    const security = model.snapshot.security;
    if (!security) return [unknown(id, 'host', 'info', model, 'security')];
    const enforcing = [
      ...(security.selinux === 'enforcing'
        ? [evidence('/sys/fs/selinux/enforce', 'SELinux is enforcing')]
        : []),
      ...(security.apparmor === true
        ? [evidence('/sys/module/apparmor/parameters/enabled', 'AppArmor is on')]
        : []),
    ];
    if (enforcing.length === 0)
      return [clear(id, 'host', 'neither SELinux nor AppArmor confines guests here')];
    const names = enforcing.map((e) => e.text).join(', ');
    const why = `${names}: guests are confined, and lending works under it; there is no need to turn it off`;
    return [found(id, 'host', { severity: 'info', why, evidence: enforcing })];
  },
  signatures: [],
  explainsAway: [],
  page: {
    what: 'SELinux enforces, or AppArmor is on.',
    why: 'libvirt labels each guest (`svirt_t` with its own categories, or a profile `libvirt-UUID`) and opens exactly the VFIO nodes that the guest needs. Old instructions say `setenforce 0`; that takes protection from every process of the host and is not needed.',
    cure: 'Nothing to do. When something is denied, security-denials names it and the narrowest way round.',
  },
};

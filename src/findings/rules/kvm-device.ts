import { clear, evidence, found, type Rule } from '../rule.ts';
import { unknown } from '../unread.ts';

const id = 'kvm-device';

export const kvmDevice: Rule = {
  id,
  title: 'KVM device',
  about: 'host',
  needs: ['cpu', 'libvirt'],
  predict: (model, question) => {
    const cpu = model.snapshot.cpu;
    if (!cpu) return [unknown(id, 'host', 'warning', model, 'cpu')];
    if (cpu.kvm) return [clear(id, 'host', 'KVM is there', [evidence('/dev/kvm', 'exists')])];
    const guest = model.guests.find((g) => g.uuid === question.guest);
    const needed = guest?.virtType === 'kvm';
    return [
      found(id, 'host', {
        severity: needed ? 'blocker' : 'warning',
        why: needed
          ? `there is no /dev/kvm, and ${guest.name} is a guest of type kvm: it cannot start`
          : 'there is no /dev/kvm: guests of type kvm cannot start',
        evidence: [evidence('/dev/kvm', 'absent')],
        remedy:
          cpu.virtualization === null
            ? null
            : {
                text: 'load the KVM module of this CPU',
                command: `modprobe ${cpu.virtualization === 'vmx' ? 'kvm_intel' : 'kvm_amd'}`,
                cost: null,
              },
      }),
    ];
  },
  signatures: [
    /Could not access KVM kernel module/,
    /does not support virt type 'kvm'/,
    /Domain requires KVM, but it is not available/,
  ],
  explainsAway: [],
  page: {
    what: '`/dev/kvm` does not exist.',
    why: "QEMU reaches the CPU’s virtualization through that node. Without it libvirt refuses guests of type `kvm`, already when they are defined: `Emulator … does not support virt type 'kvm'`.",
    cure: 'When the CPU has `vmx` or `svm`, load `kvm_intel` or `kvm_amd` and read the kernel log if that fails. When it has neither, see cpu-virtualization.',
  },
};

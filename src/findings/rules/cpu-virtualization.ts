import { clear, evidence, found, type Rule } from '../rule.ts';
import { unknown } from '../unread.ts';

const id = 'cpu-virtualization';

export const cpuVirtualization: Rule = {
  id,
  title: 'CPU virtualization',
  about: 'host',
  needs: ['cpu'],
  predict: (model) => {
    const cpu = model.snapshot.cpu;
    if (!cpu) return [unknown(id, 'host', 'warning', model, 'cpu')];
    const name = [cpu.vendor, cpu.model].filter((part) => part !== null).join(' ');
    if (cpu.virtualization !== null) {
      const seen = evidence('/proc/cpuinfo', `${cpu.virtualization} ${name}`.trim());
      return [clear(id, 'host', `the CPU can run guests at full speed (${cpu.virtualization})`, [seen])];
    }
    // Only x86 shows this in /proc/cpuinfo; elsewhere /dev/kvm is what there is to see.
    if (cpu.kvm) return [clear(id, 'host', 'KVM runs on this CPU', [evidence('/dev/kvm', 'exists')])];
    return [
      found(id, 'host', {
        severity: 'warning',
        why: 'the CPU shows neither vmx nor svm: guests of type kvm cannot start, only emulated ones',
        evidence: [evidence('/proc/cpuinfo', `no vmx, no svm ${name}`.trim())],
        remedy: {
          text: 'turn on virtualization (VT-x, AMD-V/SVM) in the firmware setup; in a virtual machine, let its host pass it on',
          command: null,
          cost: 'a reboot',
        },
      }),
    ];
  },
  signatures: [
    /VMX \(outside TXT\) disabled by BIOS/,
    /kvm: (?:support for '\w+' )?disabled by bios/i,
    /SVM (?:not supported by CPU|disabled \(by BIOS\))/,
    /VMX not supported by CPU/,
    /HW virtualization CPU features not found/,
  ],
  explainsAway: ['kvm-device'],
  page: {
    what: 'The CPU announces no hardware virtualization: `/proc/cpuinfo` has neither `vmx` (Intel) nor `svm` (AMD).',
    why: 'KVM needs it. Without KVM libvirt can still run guests of type `qemu`, and a lent function works there too, but every instruction is emulated. This has nothing to do with the IOMMU, which is a part of its own (VT-d, AMD-Vi) and has its own switch.',
    cure: 'Turn it on in the firmware setup (VT-x, Virtualization Technology, SVM mode) and power the machine off once. If the host is itself a virtual machine, its own host must pass the feature on.',
  },
};

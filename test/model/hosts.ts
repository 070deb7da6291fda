import type { Guest, PciFunction, Snapshot } from '../../src/facts/snapshot.ts';
import { type HostModel, modelOf } from '../../src/model/model.ts';

/** A function with the values that do not matter to a test; constructed. */
export function aFunction(address: string, more: Partial<PciFunction> = {}): PciFunction {
  return {
    address,
    vendor: '8086',
    device: '293e',
    subsystemVendor: '1af4',
    subsystemDevice: '1100',
    revision: '03',
    class: '040300',
    bridge: false,
    driver: 'snd_hda_intel',
    group: null,
    path: [],
    numaNode: null,
    physicalFunction: null,
    virtualFunctions: [],
    virtualFunctionsPossible: null,
    powerState: null,
    runtimeStatus: null,
    bootVga: null,
    irq: null,
    msiIrqs: [],
    bars: [],
    ...more,
  };
}

export function aGuest(name: string, inactiveXml: string, more: Partial<Guest> = {}): Guest {
  return {
    uuid: `00000000-0000-4000-8000-${Buffer.from(name).toString('hex').padStart(12, '0').slice(-12)}`,
    name,
    state: 'shut off',
    autostart: false,
    persistent: true,
    managedSave: false,
    snapshots: 0,
    inactiveXml,
    liveXml: null,
    pid: null,
    ...more,
  };
}

export function aModel(
  functions: PciFunction[],
  guests: Guest[] = [],
  more: Partial<Snapshot> = {},
): HostModel {
  const numbers = [...new Set(functions.map((f) => f.group).filter((g) => g !== null))];
  return modelOf({
    schema: 'vfioctl/snapshot/1',
    made: {
      by: 'test',
      at: '2026-11-25T00:00:00.000Z',
      bootId: null,
      origin: { kind: 'simulated', name: 'test' },
      root: true,
    },
    functions,
    groups: numbers.map((number) => ({
      number,
      type: 'DMA',
      functions: functions.filter((f) => f.group === number).map((f) => f.address),
      others: [],
      reservedRegions: [],
    })),
    vfio: { control: true, groups: [] },
    libvirt: { uri: 'qemu:///system', version: '9.0.0', iommuSupport: true, guests },
    gaps: [],
    ...more,
  });
}

const DEVICES: Readonly<Record<string, string>> = {
  q35: `    <controller type='pci' index='0' model='pcie-root'/>
    <controller type='pci' index='1' model='pcie-root-port'>
      <model name='pcie-root-port'/>
      <target chassis='1' port='0x8'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0' multifunction='on'/>
    </controller>
    <controller type='pci' index='2' model='pcie-root-port'>
      <model name='pcie-root-port'/>
      <target chassis='2' port='0x9'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x1'/>
    </controller>
    <interface type='user'>
      <mac address='52:54:00:12:34:56'/>
      <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
    </interface>
`,
  pc: `    <controller type='pci' index='0' model='pci-root'/>
    <video>
      <model type='vga'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x0'/>
    </video>
    <interface type='user'>
      <mac address='52:54:00:12:34:56'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x03' function='0x0'/>
    </interface>
`,
};

/** A definition as libvirt prints it, cut down; constructed. `devices` goes behind those of the machine type. */
export function aDefinition(machine: 'q35' | 'pc', devices = ''): string {
  return `<domain type='kvm'>
  <name>tone</name>
  <uuid>f983e1d8-2f9d-4d32-a946-16b60e34e4cd</uuid>
  <memory unit='KiB'>262144</memory>
  <os>
    <type arch='x86_64' machine='${machine === 'q35' ? 'pc-q35-7.2' : 'pc-i440fx-7.2'}'>hvm</type>
  </os>
  <devices>
${DEVICES[machine]}${devices}  </devices>
</domain>
`;
}

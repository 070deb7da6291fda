import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PciFunction } from '../../src/facts/snapshot.ts';
import type { Proof } from '../../src/proof/proof.ts';
import { Proofs } from '../../src/proof/proof.ts';
import { proofsVerdict, type VerifyOptions, verifyGuest } from '../../src/proof/verify.ts';
import { CARD, cardFunction, IN_GUEST, type LendShape, modelWith, StandIn, UUID } from './stand-in.ts';

const PASSIVE: VerifyOptions = { exercise: false, tone: false };
const EXERCISE: VerifyOptions = { exercise: true, tone: false };
const ALL = [
  'driver',
  'held',
  'interrupts',
  'guest-device',
  'guest-driver',
  'guest-interrupts',
  'guest-sound',
  'guest-mixer',
];

async function verify(
  machine: StandIn,
  options = EXERCISE,
  shape: LendShape = {},
): Promise<Map<string, Proof>> {
  const { model, guest } = modelWith(shape);
  const proofs = await verifyGuest(machine.host(), 'qemu:///system', model, guest, options);
  assert.equal(Proofs.safeParse({ schema: 'vfioctl/proof/1', guest: 'own', proofs }).success, true);
  assert.deepEqual(proofs.map((p) => p.name).slice(0, 8), ALL, 'every proof answers, in one order');
  assert.ok(proofs.every((p) => p.why !== '' && !p.why.includes('\n')));
  return new Map(proofs.map((p) => [p.name, p]));
}

const machine = (change: Partial<StandIn> = {}): StandIn => Object.assign(new StandIn(), change);
const states = (proofs: Map<string, Proof>): Record<string, string> =>
  Object.fromEntries([...proofs].map(([name, proof]) => [name, proof.state]));

test('a card that works: everything is proven, host and guest', async () => {
  const m = machine();
  const proofs = await verify(m);
  assert.deepEqual(new Set(Object.values(states(proofs))), new Set(['proven']));
  assert.equal(proofsVerdict([...proofs.values()]), 'proven');
  assert.equal(proofs.get('driver')!.why, 'held by vfio-pci');
  assert.equal(proofs.get('held')!.why, 'QEMU of own holds /dev/vfio/6');
  assert.match(proofs.get('interrupts')!.why, /^rose by 1\d while we looked$/);
  assert.match(
    proofs.get('interrupts')!.evidence[0]!.text,
    /^36: 6\d 0 IR-PCI-MSI .* vfio-msi\[0\]\(0000:01:00\.0\)$/,
  );
  assert.equal(proofs.get('guest-device')!.why, '8086:293e is there as 0000:02:01.0');
  assert.equal(proofs.get('guest-driver')!.why, 'snd_hda_intel drives 0000:02:01.0');
  assert.match(
    proofs.get('guest-sound')!.why,
    /^hw:0,0 played 2 s of silence, its pointer at \d+ frames on the way$/,
  );
  for (const proof of proofs.values()) assert.equal(proof.subject, CARD);
});

test('what is run in the guest, to the word', async () => {
  const m = machine();
  await verify(m);
  const attributes = (address: string): string[] =>
    ['vendor', 'device', 'class', 'irq'].map((name) => `/sys/bus/pci/devices/${address}/${name}`);
  const status = ['/proc/asound/card0/pcm0p/sub0/status', '/proc/asound/card0/pcm0c/sub0/status'];
  const distinct = [...new Set(m.programs.map((p) => p.argv.join(' ')))];
  assert.deepEqual(distinct, [
    'cat /proc/interrupts',
    'ls /sys/bus/pci/devices',
    ['grep -sH ', ...attributes('0000:00:1f.2'), ...attributes(IN_GUEST)].join(' '),
    `readlink /sys/bus/pci/devices/${IN_GUEST}/driver`,
    'ls /sys/class/sound',
    'readlink -f /sys/class/sound/card0/device',
    'amixer -D hw:0 contents',
    ['grep -sH ', ...status].join(' '),
    'aplay -q -D plughw:0,0 -t raw -f S16_LE -r 48000 -c 2 -d 2 /dev/zero',
    `ls /sys/bus/pci/devices/${IN_GUEST}/msi_irqs`,
  ]);
  assert.deepEqual(m.virsh[0]!.slice(0, 6), [
    'virsh',
    '-q',
    '--connect',
    'qemu:///system',
    'qemu-agent-command',
    UUID,
  ]);
  assert.equal(m.ran('aplay').length, 1);
});

test('passive: nothing is played, and what was not seen to live is not called alive', async () => {
  const m = machine();
  const proofs = await verify(m, PASSIVE);
  assert.deepEqual(m.ran('aplay'), []);
  assert.deepEqual(states(proofs), {
    driver: 'proven',
    held: 'proven',
    interrupts: 'proven',
    'guest-device': 'proven',
    'guest-driver': 'proven',
    'guest-interrupts': 'proven',
    'guest-sound': 'not-observable',
    'guest-mixer': 'proven',
  });
  assert.equal(proofs.get('interrupts')!.why, 'counted 53 since the guest set them up');
  assert.equal(proofs.get('guest-interrupts')!.why, 'counted 68 since the guest started');
  assert.match(
    proofs.get('guest-sound')!.why,
    /card 0 is there as hw:0,0: nothing plays on it; --exercise plays silence/,
  );
  assert.equal(proofsVerdict([...proofs.values()]), 'open');
});

type Case = [string, Partial<StandIn>, LendShape, VerifyOptions, string, string, RegExp];
const cases: Case[] = [
  [
    'host driver left in place',
    { hostDriver: 'snd_hda_intel' },
    {},
    EXERCISE,
    'driver',
    'disproven',
    /held by snd_hda_intel/,
  ],
  [
    'a vendor variant',
    { hostDriver: 'mlx5_vfio_pci' },
    {},
    EXERCISE,
    'driver',
    'proven',
    /held by mlx5_vfio_pci/,
  ],
  ['no driver', { hostDriver: null }, {}, EXERCISE, 'driver', 'disproven', /no driver holds it/],
  [
    'another group open',
    {},
    { vfioNodes: ['/dev/vfio/4'] },
    EXERCISE,
    'held',
    'disproven',
    /holds \/dev\/vfio\/4, and not \/dev\/vfio\/6/,
  ],
  ['no node open', {}, { vfioNodes: [] }, EXERCISE, 'held', 'disproven', /holds no vfio node/],
  ['without root', {}, { vfioNodes: null }, EXERCISE, 'held', 'not-observable', /needs root/],
  [
    'iommufd',
    { hostDirectories: { [`/sys/bus/pci/devices/${CARD}/vfio-dev`]: ['vfio0'] } },
    { vfioNodes: ['/dev/iommu', '/dev/vfio/devices/vfio0'] },
    EXERCISE,
    'held',
    'proven',
    /holds \/dev\/vfio\/devices\/vfio0/,
  ],
  ['host flat while it played', { hostRate: 0 }, {}, EXERCISE, 'interrupts', 'disproven', /stood at 53/],
  [
    'host without a line while it played',
    { hostLine: null },
    {},
    EXERCISE,
    'interrupts',
    'disproven',
    /no interrupt set up/,
  ],
  [
    'host without a line, passive',
    { hostLine: null },
    {},
    PASSIVE,
    'interrupts',
    'not-observable',
    /set up yet: nothing plays/,
  ],
  [
    'host never counted, passive',
    { hostCount: 0 },
    {},
    PASSIVE,
    'interrupts',
    'not-observable',
    /flat: nothing plays/,
  ],
  [
    'a wire shared on the host, quiet before',
    { hostLine: ' 16:  N  0  IR-IO-APIC  16-fasteoi   i801_smbus, vfio-intx(0000:01:00.0)' },
    {},
    EXERCISE,
    'interrupts',
    'proven',
    /rose by/,
  ],
  [
    'a wire shared on the host, passive',
    { hostLine: ' 16:  N  0  IR-IO-APIC  16-fasteoi   i801_smbus, vfio-intx(0000:01:00.0)', noise: 20 },
    {},
    PASSIVE,
    'interrupts',
    'not-observable',
    /shared with i801_smbus/,
  ],
  [
    'a wire of its own that counted before the guest, passive',
    { hostLine: ' 16:  N  0  IR-IO-APIC  16-fasteoi   vfio-intx(0000:01:00.0)' },
    {},
    PASSIVE,
    'interrupts',
    'not-observable',
    /flat/,
  ],
  [
    'a wire shared on the host, not quiet before',
    { hostLine: ' 16:  N  0  IR-IO-APIC  16-fasteoi   i801_smbus, vfio-intx(0000:01:00.0)', noise: 20 },
    {},
    EXERCISE,
    'interrupts',
    'not-observable',
    /shared with i801_smbus/,
  ],
  [
    'a wire of its own that rises within a second, passive',
    { hostLine: ' 16:  N  0  IR-IO-APIC  16-fasteoi   vfio-intx(0000:01:00.0)', noise: 1 },
    {},
    PASSIVE,
    'interrupts',
    'proven',
    /rose by 1 while we looked/,
  ],
  [
    'the same ids in another class',
    { functions: other('0x293e', '0x010601') },
    {},
    EXERCISE,
    'guest-device',
    'disproven',
    /lists no 8086:293e of class 0403/,
  ],
  [
    'only the wrong function in the guest',
    { functions: other('0x1c20') },
    {},
    EXERCISE,
    'guest-device',
    'disproven',
    /lists no 8086:293e of class 0403/,
  ],
  [
    'an emulated twin alone',
    { functions: twin() },
    {},
    EXERCISE,
    'guest-device',
    'disproven',
    /only as 0000:00:1b\.0/,
  ],
  [
    'no place known',
    { functions: twin() },
    { guestAddress: null },
    EXERCISE,
    'guest-device',
    'proven',
    /as 0000:00:1b\.0/,
  ],
  [
    'another bus number',
    {},
    { guestAddress: '0000:07:01.0' },
    EXERCISE,
    'guest-device',
    'proven',
    /as 0000:02:01\.0/,
  ],
  [
    'no guest driver',
    { driverFrom: 1e12 },
    {},
    EXERCISE,
    'guest-driver',
    'disproven',
    /no driver of the guest/,
  ],
  [
    'nothing to count without a driver',
    { driverFrom: 1e12 },
    {},
    EXERCISE,
    'guest-interrupts',
    'not-observable',
    /no driver/,
  ],
  [
    'guest flat while it played',
    { guestRate: 0 },
    {},
    EXERCISE,
    'guest-interrupts',
    'disproven',
    /stood at 68/,
  ],
  [
    'guest never counted, passive',
    { guestCount: 0 },
    {},
    PASSIVE,
    'guest-interrupts',
    'not-observable',
    /none counted yet: nothing plays/,
  ],
  ['a wire in the guest', { messages: null }, {}, EXERCISE, 'guest-interrupts', 'proven', /rose by/],
];

function other(device: string, pciClass = '0x040300'): StandIn['functions'] {
  return { [IN_GUEST]: { vendor: '0x8086', device, class: pciClass, driver: 'snd_hda_intel', irq: 26 } };
}

function twin(): StandIn['functions'] {
  return {
    '0000:00:1b.0': {
      vendor: '0x8086',
      device: '0x293e',
      class: '0x040300',
      driver: 'snd_hda_intel',
      irq: 26,
    },
  };
}

for (const [what, change, shape, options, name, state, why] of cases) {
  test(`${what}: ${name} is ${state}`, async () => {
    const proof = (await verify(machine(change), options, shape)).get(name)!;
    assert.deepEqual([proof.state, why.test(proof.why)], [state, true], proof.why);
  });
}

test('what the guest has instead is named', async () => {
  const proof = (await verify(machine({ functions: other('0x1c20') }))).get('guest-device')!;
  assert.deepEqual(proof.evidence, [
    { source: `own:/sys/bus/pci/devices/${IN_GUEST}`, line: null, text: '8086:1c20 class 040300' },
  ]);
});

test('interrupts that may be posted past the host: flat there proves nothing', async () => {
  const flat = (files: Record<string, string>): StandIn =>
    machine({ hostRate: 0, hostFiles: files, hostDirectories: { '/sys/class/iommu': ['dmar0'] } });
  const intel = '/sys/module/kvm_intel/parameters/enable_apicv';
  const cap = '/sys/class/iommu/dmar0/intel-iommu/cap';
  const state = async (files: Record<string, string>): Promise<string> =>
    (await verify(flat(files))).get('interrupts')!.state;
  assert.equal(await state({ [intel]: 'Y\n', [cap]: '8d2078c106f0466\n' }), 'not-observable');
  assert.equal(
    await state({ [intel]: 'Y\n', [cap]: 'd2078c106f0466\n' }),
    'disproven',
    'the IOMMU cannot post',
  );
  assert.equal(await state({ [intel]: 'N\n', [cap]: '8d2078c106f0466\n' }), 'disproven', 'KVM does not');
  assert.equal(await state({ '/sys/module/kvm_amd/parameters/avic': 'Y\n' }), 'not-observable');
  assert.equal(await state({ '/sys/module/kvm_amd/parameters/avic': 'N\n' }), 'disproven');

  const avic = { hostFiles: { '/sys/module/kvm_amd/parameters/avic': 'Y\n' }, hostRate: 0 };
  const wire = ' 16:  N  0  IR-IO-APIC  16-fasteoi   vfio-intx(0000:01:00.0)';
  for (const hostLine of [wire, null]) {
    const proof = (await verify(machine({ ...avic, hostLine }))).get('interrupts')!;
    assert.equal(proof.state, 'disproven', 'only messages are posted');
  }
});

test('a guest that is off, or runs without it: not yet, and nobody is asked', async () => {
  for (const shape of [{ state: 'shut off' }, { live: false }]) {
    const m = machine();
    const proofs = await verify(m, EXERCISE, shape);
    assert.deepEqual(new Set(Object.values(states(proofs))), new Set(['not-yet']));
    assert.match(proofs.get('driver')!.why, 'state' in shape ? /own is off/ : /next full stop and start/);
    assert.deepEqual(m.virsh, []);
    assert.equal(proofsVerdict([...proofs.values()]), 'open');
  }
});

const unseen: [string, Partial<StandIn>, LendShape, RegExp][] = [
  ['no agent channel', {}, { agent: false }, /no guest agent channel/],
  ['an agent that is not connected', { agent: 'absent' }, {}, /QEMU guest agent is not connected/],
  ['an agent that may not run programs', { agent: 'blocked' }, {}, /may not run programs/],
  ['a paused guest', {}, { state: 'paused' }, /is paused/],
];
for (const [what, change, shape, why] of unseen) {
  test(`${what}: the guest's proofs are not observable, and say what to run there`, async () => {
    const proofs = await verify(machine(change), EXERCISE, shape);
    assert.deepEqual(
      ['driver', 'held', 'interrupts'].map((n) => proofs.get(n)!.state),
      ['proven', 'proven', 'proven'],
    );
    for (const name of ALL.slice(3)) {
      assert.equal(proofs.get(name)!.state, 'not-observable');
      assert.match(proofs.get(name)!.why, why);
    }
    assert.match(proofs.get('guest-driver')!.why, /run in the guest: lspci -nnk -d 8086:293e$/);
    assert.match(proofs.get('guest-mixer')!.why, /run in the guest: amixer scontents$/);
  });
}

test('an agent that goes away half-way: what was seen stays, the rest is not observable', async () => {
  const proofs = await verify(machine({ goneAt: (argv) => argv[0] === 'amixer' }));
  assert.equal(proofs.get('guest-driver')!.state, 'proven');
  assert.equal(proofs.get('guest-sound')!.state, 'not-observable');
  assert.equal(proofs.get('guest-interrupts')!.state, 'not-observable');
  assert.equal(proofs.get('interrupts')!.state, 'proven', 'it counted since the guest started');
});

test('a guest that boots is waited for, within one budget, and says so', async () => {
  const said: string[] = [];
  const m = machine({ agentFrom: 4_000, driverFrom: 9_000 });
  const wait = { ...EXERCISE, waitMs: 60_000, progress: (text: string) => said.push(text) };
  assert.equal(proofsVerdict([...(await verify(m, wait)).values()]), 'proven');
  assert.equal(said[0], 'waiting for the guest agent of own (0 s)');
  assert.ok(
    said.some((text) => /^waiting for a driver for 8086:293e in own \(\d s\)$/.test(text)),
    said.join(),
  );

  const late = machine({ agentFrom: 1e12 });
  const proofs = await verify(late, { ...EXERCISE, waitMs: 5_000 });
  assert.equal(proofs.get('guest-device')!.state, 'not-observable');
  assert.ok(late.clock < 8_000, 'and not longer');
});

test('other classes have the proofs that every function has, twins are counted, addresses chosen', async () => {
  const nic = (address: string): PciFunction =>
    ({ ...cardFunction, address, vendor: '8086', device: '10d3', class: '020000' }) as PciFunction;
  const { model, guest } = modelWith({
    functions: [nic('0000:03:00.0'), nic('0000:04:00.0')],
    guestAddress: null,
  });
  const m = machine();
  m.functions = {
    '0000:05:00.0': { vendor: '0x8086', device: '0x10d3', class: '0x020000', driver: 'e1000e', irq: 26 },
  };
  const proofs = await verifyGuest(m.host(), 'qemu:///system', model, guest, EXERCISE);
  assert.deepEqual(
    proofs.map((p) => `${p.subject} ${p.name}`),
    ['0000:03:00.0', '0000:04:00.0'].flatMap((a) => ALL.slice(0, 6).map((n) => `${a} ${n}`)),
  );
  const devices = proofs.filter((p) => p.name === 'guest-device');
  assert.deepEqual(
    devices.map((p) => p.state),
    ['proven', 'disproven'],
  );
  assert.equal(devices[1]!.why, 'the guest lists no other 8086:10d3 of class 0200');
  assert.deepEqual(m.ran('aplay'), []);

  const one = await verifyGuest(m.host(), 'qemu:///system', model, guest, {
    ...PASSIVE,
    addresses: ['0000:04:00.0'],
  });
  assert.deepEqual(new Set(one.map((p) => p.subject)), new Set(['0000:04:00.0']));
  assert.deepEqual(
    await verifyGuest(m.host(), 'qemu:///system', model, guest, { ...PASSIVE, addresses: [] }),
    [],
  );
});

test('the verdict of many proofs', () => {
  const of = (...list: Proof['state'][]): Proof[] =>
    list.map((state) => ({ name: 'driver', subject: null, state, why: '', evidence: [] }));
  assert.equal(proofsVerdict(of('proven', 'proven')), 'proven');
  assert.equal(proofsVerdict(of('proven', 'not-observable')), 'open');
  const [seen, unseen] = of('proven', 'not-observable') as [Proof, Proof];
  const onHost = { ...unseen, name: 'interrupts' };
  assert.equal(
    proofsVerdict([onHost, { ...seen, name: 'guest-interrupts' }]),
    'proven',
    'the guest counted them',
  );
  assert.equal(proofsVerdict([onHost, { ...seen, name: 'guest-interrupts', subject: 'another' }]), 'open');
  assert.equal(proofsVerdict(of('not-yet', 'disproven', 'proven')), 'wanting');
  assert.equal(proofsVerdict([]), 'open');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countInterrupts, quoted } from '../../rig/bench/bench.ts';
import { hostDifferences, parseHostState } from '../../rig/bench/witness.ts';
import { guests } from '../../rig/guest/guests.ts';
import { debianSources, formatStanzas, parseLines, parseStanzas } from '../../rig/image/apt-sources.ts';
import { cacheKey } from '../../rig/image/cache.ts';
import { cpioArchive } from '../../rig/image/cpio.ts';

test("the mirror is read from deb822 stanzas, and only Debian's own suites are taken", () => {
  const text = [
    'Types: deb deb-src',
    '# a note between fields',
    'URIs: http://mirror.example/debian',
    'Suites: bookworm bookworm-updates',
    'Components: main non-free-firmware',
    'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
    '',
    'Types: deb',
    'URIs: http://vendor.example/node',
    'Suites: nodistro',
    'Components: main',
    '',
    'Types: deb',
    'Enabled: no',
    'URIs: http://off.example/debian',
    'Suites: bookworm',
    'Components: main',
    '',
    'Types: deb-src',
    'URIs: http://source.example/debian',
    'Suites: bookworm',
    'Components: main',
  ].join('\n');
  assert.equal(
    formatStanzas(debianSources(parseStanzas(text), 'bookworm')),
    [
      'Types: deb',
      'URIs: http://mirror.example/debian',
      'Suites: bookworm bookworm-updates',
      'Components: main',
      'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
      '',
    ].join('\n'),
  );
});

test("the mirror is read from one-line entries, and a vendor's component is left out", () => {
  const text = [
    '# deb http://commented.example bookworm main',
    'deb http://mirror.example/debian bookworm main contrib # here',
    'deb [arch=amd64 signed-by=/etc/keys/a.gpg] http://mirror.example/security bookworm-security main',
    'deb http://docker.example bookworm stable',
    'deb-src http://mirror.example/debian bookworm main',
  ].join('\n');
  assert.deepEqual(debianSources(parseLines(text), 'bookworm'), [
    { uris: ['http://mirror.example/debian'], suites: ['bookworm'], components: ['main'], signedBy: null },
    {
      uris: ['http://mirror.example/security'],
      suites: ['bookworm-security'],
      components: ['main'],
      signedBy: '/etc/keys/a.gpg',
    },
  ]);
});

test('an archive has its folders before its files, each once, padded to four bytes', () => {
  const archive = cpioArchive([
    { kind: 'file', path: 'a/b/c', content: Buffer.from('hello'), executable: true },
    { kind: 'link', path: 'a/l', target: 'b/c' },
    { kind: 'folder', path: 'a' },
    { kind: 'file', path: 'a/b/c', content: Buffer.from('again'), executable: false },
  ]);
  assert.equal(archive.length % 4, 0);
  const names: string[] = [];
  for (let offset = 0; offset < archive.length; ) {
    assert.equal(archive.toString('latin1', offset, offset + 6), '070701');
    const field = (index: number): number =>
      Number.parseInt(archive.toString('latin1', offset + 6 + index * 8, offset + 14 + index * 8), 16);
    const [size, nameSize] = [field(6), field(11)];
    names.push(archive.toString('latin1', offset + 110, offset + 110 + nameSize - 1));
    offset = (offset + 110 + nameSize + 3) & ~3;
    offset = (offset + size + 3) & ~3;
  }
  assert.deepEqual(names, ['a', 'a/b', 'a/b/c', 'a/l', 'TRAILER!!!']);
});

test('keys tell ingredients apart, also where one ends and the next begins', () => {
  assert.notEqual(cacheKey('ab', 'c'), cacheKey('a', 'bc'));
  assert.equal(cacheKey('ab', 'c'), cacheKey('ab', 'c'));
});

test('interrupts are counted over all processors and handlers of a function', () => {
  const text = [
    '           CPU0       CPU1',
    ' 16:          3          4   IO-APIC  16-fasteoi   vfio-intx(0000:00:1b.0)',
    ' 32:        125          0  IR-PCI-MSI 524288-edge      vfio-msi[0](0000:01:00.0)',
    ' 33:          1          2  IR-PCI-MSI 524289-edge      vfio-msi[1](0000:01:00.0)',
  ].join('\n');
  assert.equal(countInterrupts(text, '(0000:01:00.0)'), 128);
  assert.equal(countInterrupts(text, '(0000:00:1b.0)'), 7);
  assert.equal(countInterrupts(text, '(0000:02:00.0)'), 0);
});

test('a word of a command line stays one word', () => {
  assert.equal(quoted('00:1b.0'), '00:1b.0');
  assert.equal(quoted("it's $HOME"), `'it'\\''s $HOME'`);
  assert.equal(quoted(''), `''`);
});

test('the witness names what is not as before', () => {
  const uuid = '0a000000-0000-4000-8000-000000000001';
  const before = {
    functions: { '0000:01:00.0': { driver: 'snd_hda_intel', override: null } },
    guests: { [uuid]: { state: 'shut off', xml: '<a>\n</a>\n' } },
    files: { '/etc/hosts': 'one', '/etc/gone': 'two' },
  };
  assert.deepEqual(hostDifferences(before, structuredClone(before)), []);
  const after = {
    functions: { '0000:01:00.0': { driver: 'vfio-pci', override: 'vfio-pci' } },
    guests: { [uuid]: { state: 'shut off', xml: '<a>\n<b/>\n</a>\n' } },
    files: { '/etc/hosts': 'another', '/etc/new': 'three' },
  };
  assert.deepEqual(hostDifferences(before, after), [
    '0000:01:00.0: was driver snd_hda_intel, override none; is driver vfio-pci, override vfio-pci',
    'guest tone: its inactive XML differs\n    + <b/>',
    '/etc/hosts: is another',
    '/etc/gone: is gone',
    '/etc/new: came',
  ]);
});

test('the witness reads what the machine says, with or without a line end after a mark, and never sees nothing', () => {
  const functions = 'function 0000:00:00.0 , (null)\nfunction 0000:01:00.0 vfio-pci, vfio-pci\n';
  const files = '0123456789abcdef0123456789abcdef  /etc/a name\nlink /etc/mtab ../proc/self/mounts\n';
  for (const end of ['', '\n']) {
    const said = guests.map(
      ({ uuid }) => `@guest ${uuid}@${end}shut off\n\n@xml@${end}<domain type='kvm'>\n</domain>\n\n`,
    );
    const state = parseHostState(functions + files + said.join(''));
    assert.deepEqual(state.functions, {
      '0000:00:00.0': { driver: null, override: null },
      '0000:01:00.0': { driver: 'vfio-pci', override: 'vfio-pci' },
    });
    assert.deepEqual(
      Object.values(state.guests),
      guests.map(() => ({ state: 'shut off', xml: "<domain type='kvm'>\n</domain>" })),
    );
    assert.deepEqual(state.files, {
      '/etc/a name': '0123456789abcdef0123456789abcdef',
      '/etc/mtab': '../proc/self/mounts',
    });
    assert.throws(
      () => parseHostState(functions + files + said.slice(1).join('')),
      /no definition of guest tone/,
    );
    assert.throws(() => parseHostState(functions + said.join('')), /no file/);
    assert.throws(() => parseHostState(files + said.join('')), /no PCI function/);
  }
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { rootHost } from '../../src/host/root.ts';
import { fill, temporaryDirectory } from './temporary.ts';

test('links are resolved inside the directory, and none leads out', async (t) => {
  const outside = temporaryDirectory(t);
  writeFileSync(join(outside, 'secret'), 'outside');
  const top = temporaryDirectory(t);
  fill(top, {
    'sys/devices/pci0000:00/0000:00:1b.0/vendor': '0x8086\n',
    'sys/bus/pci/devices/0000:00:1b.0': '->../../../devices/pci0000:00/0000:00:1b.0',
    'etc/os-release': '->/usr/lib/os-release',
    'usr/lib/os-release': 'ID=debian\n',
    escape: `->${outside}/secret`,
    climb: '->../../../../../../../../etc/os-release',
    circle: '->circle',
  });
  const host = rootHost(top);
  assert.deepEqual(host.read('/sys/bus/pci/devices/0000:00:1b.0/vendor'), {
    state: 'read',
    value: '0x8086\n',
  });
  assert.deepEqual(host.real('/sys/bus/pci/devices/0000:00:1b.0'), {
    state: 'read',
    value: '/sys/devices/pci0000:00/0000:00:1b.0',
  });
  assert.deepEqual(host.read('/etc/os-release'), { state: 'read', value: 'ID=debian\n' });
  assert.deepEqual(host.read('/climb'), { state: 'read', value: 'ID=debian\n' });
  assert.deepEqual(host.link('/etc/os-release'), { state: 'read', value: '/usr/lib/os-release' });
  assert.equal(host.read('/escape').state, 'absent');
  assert.equal(host.read('/../../secret').state, 'absent');
  assert.equal(host.read('/circle').state, 'unreadable');
  assert.equal(host.exists('/escape'), false);
  assert.deepEqual(host.list('/sys/bus/pci/devices'), { state: 'read', value: ['0000:00:1b.0'] });
  assert.equal(host.list('/etc/os-release/x').state, 'absent');
  const answers = await host.readGuarded(['/etc/os-release', '/gone']);
  assert.deepEqual(answers.get('/gone'), { state: 'absent' });
});

test('it cannot be changed and runs nothing', async (t) => {
  const host = rootHost(temporaryDirectory(t));
  const readOnly = (error: unknown) => error instanceof Failure && error.code === 'read-only';
  assert.equal(host.writable, false);
  assert.throws(() => host.write('/x', ''), readOnly);
  assert.throws(() => host.append('/x', ''), readOnly);
  await assert.rejects(host.lock('x'), readOnly);
  assert.notEqual((await host.run(['true'])).code, 0);
});

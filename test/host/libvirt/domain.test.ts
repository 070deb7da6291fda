import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../../src/facts/collect.ts';
import type { Host } from '../../../src/host/host.ts';
import { modelOf } from '../../../src/model/model.ts';
import { constructedHost } from '../../facts/hosts.ts';

/** Answers in the form that libvirt 9.0 gave them to virsh; the guest is constructed. */
const UUID = '1b1b1b1b-0000-4000-8000-000000000001';
const XML = `<domain type='kvm'>
  <name>own</name>
  <uuid>${UUID}</uuid>
  <memory unit='KiB'>1024</memory>
  <devices>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source><address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source>
    </hostdev>
  </devices>
</domain>
`;

const answerOf = (state: string, command: string): string => {
  if (command === 'list --all --uuid') return `${UUID}\n`;
  const info = `Id:             3\nName:           own\nUUID:           ${UUID}\nState:          ${state}\nPersistent:     yes\nAutostart:      disable\nManaged save:   no\n`;
  const one = (question: string) =>
    question.startsWith('dominfo') ? info : question.startsWith('dumpxml') ? XML : '';
  return command
    .split('; ')
    .map((part) => (part.startsWith('echo ') ? part.slice('echo '.length) : one(part)))
    .join('');
};

const lendsWhile = async (state: string) => {
  const host: Host = {
    ...constructedHost({}),
    run: async (argv) => {
      const stdout = answerOf(state, argv.slice(argv.indexOf('qemu:///system') + 1).join(' '));
      return { argv, code: 0, stdout, stderr: '', ms: 1, timedOut: false };
    },
  };
  const { lends } = modelOf(await collect(host, ['libvirt']));
  return lends.map(({ address, configured, live }) => ({ address, configured, live }));
};

test('a guest holds what it was lent in every state but off, also when it has crashed and was preserved', async () => {
  const lend = { address: '0000:01:00.0', configured: true };
  for (const state of ['running', 'idle', 'paused', 'in shutdown', 'pmsuspended', 'crashed', 'no state'])
    assert.deepEqual(await lendsWhile(state), [{ ...lend, live: true }], state);
  assert.deepEqual(await lendsWhile('shut off'), [{ ...lend, live: false }]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkInUse } from '../../src/findings/rules/network-in-use.ts';
import { modelOf } from '../../src/model/model.ts';
import { caseSnapshot } from './cases.ts';

const NIC = '0000:00:19.0';
const question = { functions: [NIC], guest: null, slot: null };

test('the dead man’s switch is advised where a session may be lost, and only there', () => {
  const remedy = (kind: string, what: string) => {
    const change = { set: { 'network/eth0/loads': [{ kind, peer: '10.0.0.7', what }] } };
    return networkInUse.predict(modelOf(caseSnapshot(change)), question)[0]?.remedy?.text ?? '';
  };
  assert.match(remedy('ssh', 'your own SSH session'), /--dead-man 60s/);
  assert.match(remedy('ssh', 'an SSH session'), /--dead-man 60s/, 'in tmux nobody can say whose it is');
  assert.doesNotMatch(remedy('nfs', '/home'), /dead-man/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { selectorMatches, selectorResolve } from '../../src/model/selector.ts';
import { aFunction, aModel } from './hosts.ts';

const model = aModel([
  aFunction('0000:00:05.0', { class: '060400', bridge: true, device: '000c' }),
  aFunction('0000:00:1b.0', { device: '2668' }),
  aFunction('0000:00:1b.1', { class: '020000', device: '100e', driver: 'e1000' }),
  aFunction('0000:01:00.0'),
  aFunction('0000:02:00.0'),
  aFunction('10000:e1:00.0', { class: '010802', vendor: '144d', device: 'a80a' }),
]);
const name = (f: { device: string }) =>
  ({ '2668': 'ICH6 High Definition Audio', '100e': '82540EM Gigabit' })[f.device] ?? 'ICH9 HD Audio';
const resolve = (text: string) => selectorResolve(model, text, name).map((f) => f.address);
const matches = (text: string) => selectorMatches(model, text, name).map((f) => f.address);

test('one function, by any form of its address', () => {
  for (const text of ['01:00.0', '0000:01:00.0', 'pci_0000_01_00_0', ' 01:00.0 ', 'PCI_0000_01_00_0']) {
    assert.deepEqual(resolve(text), ['0000:01:00.0'], text);
  }
  assert.deepEqual(resolve('10000:e1:00.0'), ['10000:e1:00.0']);
});

test('a device is all of its endpoint functions', () => {
  assert.deepEqual(resolve('00:1b'), ['0000:00:1b.0', '0000:00:1b.1']);
  assert.deepEqual(resolve('0000:00:1b'), ['0000:00:1b.0', '0000:00:1b.1']);
});

test('ids, class words and parts of names select when they name one', () => {
  assert.deepEqual(resolve('8086:2668'), ['0000:00:1b.0']);
  assert.deepEqual(resolve('nic'), ['0000:00:1b.1']);
  assert.deepEqual(resolve('nvme'), ['10000:e1:00.0']);
  assert.deepEqual(resolve('ich6'), ['0000:00:1b.0']);
});

test('twins are refused with the candidates, never picked', () => {
  for (const text of ['8086:293e', 'ich9 hd']) {
    assert.throws(
      () => resolve(text),
      (e) =>
        e instanceof Failure &&
        e.code === 'ambiguous' &&
        e.message.includes('01:00.0') &&
        e.message.includes('02:00.0'),
      text,
    );
  }
  assert.throws(() => resolve('audio'), { code: 'ambiguous' });
});

test('what names nothing is said to name nothing', () => {
  for (const text of ['09:00.0', '00:1f', 'ffff:ffff', 'gpu', 'no such card', '', 'ab']) {
    assert.throws(() => resolve(text), { code: 'not-found' }, text);
  }
});

test('lists take every match', () => {
  assert.deepEqual(matches('audio'), ['0000:00:1b.0', '0000:01:00.0', '0000:02:00.0']);
});

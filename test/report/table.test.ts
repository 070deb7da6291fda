import assert from 'node:assert/strict';
import { test } from 'node:test';
import { table, tableRows } from '../../src/report/table.ts';

const ROWS = [
  ['ADDRESS', 'VERDICT', 'NAME'],
  ['00:1f.2', 'used by the host: sda holds /', 'SATA controller'],
  ['01:00.0', 'free', 'Audio device'],
];

test('where no terminal says how wide it is, a row is a line', () => {
  assert.deepEqual(table(ROWS), [
    'ADDRESS  VERDICT                        NAME',
    '00:1f.2  used by the host: sda holds /  SATA controller',
    '01:00.0  free                           Audio device',
  ]);
  assert.deepEqual(table(ROWS, 60), table(ROWS), 'as wide as it is, it fits');
});

test('on a narrow terminal the widest columns fold, and all of them stay below their headings', () => {
  assert.deepEqual(tableRows(ROWS, 41), [
    ['ADDRESS  VERDICT          NAME'],
    ['00:1f.2  used by the      SATA controller', '         host: sda holds', '         /'],
    ['01:00.0  free             Audio device'],
  ]);
});

test('a word that is wider than its column is cut and not lost; a terminal like a slit breaks lines by itself', () => {
  const word = '0123456789'.repeat(3);
  const [lines] = tableRows([[word]], 14);
  assert.deepEqual(lines, [word.slice(0, 14), word.slice(14, 28), word.slice(28)]);
  assert.equal(tableRows([[word]], 3)[0]!.join(''), word);
});

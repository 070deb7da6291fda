import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selfOf } from '../../src/cli/process-context.ts';

test('what starts this program again: a runtime with its script, or the single executable', () => {
  assert.deepEqual(selfOf('/usr/bin/node', '/usr/lib/vfioctl.js'), ['/usr/bin/node', '/usr/lib/vfioctl.js']);
  assert.deepEqual(selfOf('/usr/bin/vfioctl', '/$bunfs/root/vfioctl-linux-x64'), ['/usr/bin/vfioctl']);
  assert.deepEqual(selfOf('/usr/bin/vfioctl', undefined), ['/usr/bin/vfioctl']);
});

import { Failure } from '../failure.ts';
import type { Host } from './host.ts';

/** Opens the host that `--host` names: `sim:NAME`, a directory taken as root, a capture; without a name, this machine. */
export async function hostOpen(name: string | undefined): Promise<Host> {
  const { liveHost } = await import('./live.ts');
  const live = liveHost();
  if (name === undefined) return live;
  if (name.startsWith('sim:')) {
    const { boardByName, boardNames } = await import('./simulated/boards/index.ts');
    const board = boardByName(name.slice(4));
    if (!board) {
      throw new Failure(
        'not-found',
        `there is no simulated host '${name.slice(4)}'`,
        `there are: ${boardNames.join(', ')}`,
      );
    }
    const { simulatedHost } = await import('./simulated/index.ts');
    return simulatedHost(board);
  }
  if (live.list(name).state === 'read') return (await import('./root.ts')).rootHost(name);
  const text = live.read(name, CAPTURE_BYTES);
  if (text.state === 'absent') {
    throw new Failure(
      'not-found',
      `--host ${name}: no such file or directory`,
      'make one with vfioctl capture FILE, or name sim:NAME',
    );
  }
  if (text.state === 'unreadable')
    throw new Failure('not-found', `--host ${name}: ${text.why}`, 'name a capture, a directory, or sim:NAME');
  const { captureHost, captureLoad } = await import('./capture.ts');
  return captureHost(captureLoad(text.value, name));
}

const CAPTURE_BYTES = 16 * 1024 * 1024;

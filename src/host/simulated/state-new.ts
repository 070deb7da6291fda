import type { Board } from './board.ts';
import { nodeChild, nodeRead } from './domain-node.ts';
import { installedFiles } from './file-tree.ts';
import { kernelOff, type SimulatedState } from './state.ts';

/** A board is never changed, only replaced, and so are files: those are shared. */
export function stateCopy({ board, files, ...rest }: SimulatedState): SimulatedState {
  return { ...structuredClone(rest), board, files: { ...files } };
}

export function stateNew(board: Board): SimulatedState {
  return {
    schema: 'vfioctl/simulated/1',
    board,
    clock: Date.UTC(2026, 10, 25, 9, 0, 0),
    boot: { count: 0, at: 0, id: '', commandLine: '' },
    kernel: kernelOff(),
    guests: board.guests.map((guest) => ({
      uuid: guest.uuid,
      name: nodeChild(nodeRead(guest.xml), 'name')?.text ?? '',
      inactive: guest.xml,
      live: null,
      autostart: guest.autostart,
      managedSave: false,
      snapshots: [],
    })),
    nextPid: 2000,
    nextGuestId: 1,
    files: installedFiles(board),
    unsynced: { files: {}, names: [] },
    jobs: [],
    timers: [],
  };
}

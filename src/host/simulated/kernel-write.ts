import { Failure } from '../../failure.ts';
import type { Tree } from '../tree.ts';
import { boardFunctionAt } from './board.ts';
import { driverBind, driverProbe, driverUnbind, ERRNO_TEXT, type Errno, groupHolder } from './kernel.ts';
import type { SimulatedState } from './state.ts';
import { DeviceStuck, lockedFile } from './stuck.ts';

/**
 * A write(2) to sysfs: `driver_override`, `bind`, `unbind` and `drivers_probe`, a closed list. Throws Failure
 * `step-failed` with the kernel's errno, and `not-simulated` for every other file.
 */
export function kernelWrite(state: SimulatedState, tree: Tree, path: string, text: string): void {
  const real = tree.real(path);
  // A file that is missing beside others is one that we leave out; without its directory the thing itself is missing.
  const known = tree.exists(path.slice(0, path.lastIndexOf('/')));
  const refuse = (why: string): Failure =>
    new Failure('step-failed', `cannot write '${text.trim()}' to ${path}: ${why}`);
  if (real.state !== 'read' && !known) throw refuse('ENOENT');
  const error = real.state === 'read' ? errnoAnswered(state, real.value, text.trim()) : undefined;
  if (error === undefined) throw new Failure('not-simulated', `not simulated: a write to ${path}`);
  if (error !== null) throw refuse(`${error} (${ERRNO_TEXT[error]})`);
}

/** Whoever writes where the kernel does not return is gone for good, and nothing of this process can play that. */
function errnoAnswered(state: SimulatedState, path: string, word: string): Errno | undefined {
  try {
    if (lockedFile(state, path)) throw new DeviceStuck(path);
    return errnoOf(state, path, word);
  } catch (error) {
    if (!(error instanceof DeviceStuck)) throw error;
    throw new Failure('not-simulated', `not simulated: a write to ${path} that never returns`);
  }
}

function errnoOf(state: SimulatedState, path: string, word: string): Errno | undefined {
  const override = /^\/sys\/devices\/pci.*\/([0-9a-f:.]+)\/driver_override$/.exec(path);
  if (override) {
    // A newline alone clears it: an empty write would never reach the kernel.
    if (word === '') delete state.kernel.overrides[override[1]!];
    else state.kernel.overrides[override[1]!] = word;
    return null;
  }
  if (path === '/sys/bus/pci/drivers_probe') return driverProbe(state, word);
  const driver = /^\/sys\/bus\/pci\/drivers\/([^/]+)\/(bind|unbind)$/.exec(path);
  if (!driver) return undefined;
  if (driver[2] === 'bind') return driverBind(state, word, driver[1]!);
  if (state.kernel.drivers[word] !== driver[1]) return 'ENODEV';
  const fn = boardFunctionAt(state.board, word);
  if (fn && driver[1] === 'vfio-pci' && groupHolder(state, fn) !== null) {
    throw new Failure(
      'not-simulated',
      `not simulated: unbinding ${word} from vfio-pci while a guest has it; the kernel would wait for the guest`,
    );
  }
  driverUnbind(state, word);
  return null;
}

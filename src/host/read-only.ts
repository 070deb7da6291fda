import { Failure } from '../failure.ts';
import type { Host } from './host.ts';

type Writes =
  | 'exposed'
  | 'writable'
  | 'write'
  | 'append'
  | 'replace'
  | 'makeDirectory'
  | 'remove'
  | 'lock'
  | 'sleep';

/** The half of the port that a host without a machine behind it refuses. Throws Failure `read-only`. */
export function readOnly(name: string): Pick<Host, Writes> {
  const refuse = (): never => {
    throw new Failure(
      'read-only',
      `${name} is a record of a host and cannot be changed`,
      'run on the host itself',
    );
  };
  return {
    writable: false,
    exposed: () => null,
    write: refuse,
    append: refuse,
    replace: refuse,
    makeDirectory: refuse,
    remove: refuse,
    lock: async () => refuse(),
    // Nothing that is waited for can happen.
    sleep: async () => {},
  };
}

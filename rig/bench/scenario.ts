import type { ShapeName } from '../machine/shape.ts';
import type { Bench } from './bench.ts';

/** One story on the rig's machine. The harness itself checks afterwards that the host is as it was. */
export type Scenario = {
  /** Noun first, as its file is called. */
  readonly name: string;
  readonly machine: ShapeName;
  /** False for a story in which vfioctl has no part. */
  readonly usesVfioctl: boolean;
  /** What it counts as, where a suite owes so many of a kind. */
  readonly counts?: string;
  /** Rejects when something is not as it should be. */
  run(bench: Bench): Promise<void>;
};

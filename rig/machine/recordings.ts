import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { judgeSound, type SoundJudgement } from '../tone.ts';
import { readSound } from '../wav.ts';
import { type CardName, cards } from './shape.ts';

/** A point in time, as the length that each recording had. */
export type RecordingMark = Readonly<Record<CardName, number>>;

/**
 * QEMU writes through a stdio buffer of this size: up to so much of an older sound may reach the file later, and so
 * much of a new one may still be missing. A recording grows only while its card plays.
 */
const lag = 16_384;

/** What the machine's cards sounded like, read while the machine runs. */
export class Recordings {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  mark(): RecordingMark {
    const size = (card: CardName): number => {
      const path = this.#path(card);
      return existsSync(path) ? statSync(path).size : 0;
    };
    return { own: size('own'), shared: size('shared'), chipset: size('chipset') };
  }

  since(mark: RecordingMark, card: CardName): SoundJudgement {
    const path = this.#path(card);
    const file = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    return judgeSound(readSound(file, mark[card] <= 44 ? 44 : mark[card] + lag));
  }

  #path(card: CardName): string {
    return join(this.#folder, cards[card].recording);
  }
}

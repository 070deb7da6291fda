import { type GuestName, guests } from '../guest/guests.ts';
import type { JobResult, Machine } from '../machine/machine.ts';
import type { RecordingMark } from '../machine/recordings.ts';
import type { CardName } from '../machine/shape.ts';
import { describeSound, isTone, type SoundJudgement } from '../tone.ts';
import { GuestAtHand } from './guest-at-hand.ts';

/** One call of vfioctl in the machine. */
export type VfioctlResult = JobResult & {
  /** Both streams, for what must be said somewhere. */
  readonly said: string;
  /** The one document on standard output; throws, with the text, when it is none. */
  json(): unknown;
};

/** What a scenario holds in its hands: the machine, its guests, its cards' sound, and the program under test. */
export class Bench {
  /** Printed under the scenario's line, for figures worth seeing. */
  readonly notes: string[] = [];
  readonly #transcript: string[] = [];
  readonly #powerOn: (folder: string) => Promise<Machine>;
  #machine: Machine;
  #mark: RecordingMark;

  /** `powerOn` boots the same machine again, from the folder of its earlier boot. */
  constructor(machine: Machine, powerOn: (folder: string) => Promise<Machine>) {
    this.#machine = machine;
    this.#powerOn = powerOn;
    this.#mark = machine.recordings.mark();
  }

  /** As it is now: a power cut makes it another boot. */
  get machine(): Machine {
    return this.#machine;
  }

  /** The power is cut and comes back: what had not reached the disk is gone. */
  async powerCut(): Promise<void> {
    await this.#machine.kill();
    this.#transcript.push('--- power cut');
    this.#machine = await this.#powerOn(this.#machine.folder);
    this.#mark = this.#machine.recordings.mark();
  }

  /** A script in the machine that must succeed; gives its standard output. */
  async sh(script: string, seconds = 60): Promise<string> {
    const result = await this.attempt(script, seconds);
    if (result.code !== 0)
      throw new Error(`exit ${result.code} from: ${script}\n${result.stdout}${result.stderr}`);
    return result.stdout;
  }

  /** A script in the machine that may fail. */
  async attempt(script: string, seconds = 60): Promise<JobResult> {
    const result = await this.machine.run(script, { seconds });
    const line = `$ ${script}\n${result.stdout}${result.stderr}[${result.code}, ${result.seconds.toFixed(1)} s]`;
    this.#transcript.push(line);
    if (process.env.RIG_TRACE) console.error(line);
    return result;
  }

  async vfioctl(...args: string[]): Promise<VfioctlResult> {
    const result = await this.attempt(['vfioctl', ...args].map(quoted).join(' '), 240);
    return {
      ...result,
      said: `${result.stdout}\n${result.stderr}`,
      json: () => {
        try {
          return JSON.parse(result.stdout);
        } catch (cause) {
          throw new Error(
            `not one JSON document: ${result.stdout.slice(0, 400)} ${result.stderr.slice(0, 400)}`,
            { cause },
          );
        }
      },
    };
  }

  guest(name: GuestName): GuestAtHand {
    const guest = guests.find((candidate) => candidate.name === name);
    if (guest === undefined) throw new Error(`the rig has no guest ${name}`);
    return new GuestAtHand(this, guest);
  }

  /** From here on `sound` listens. */
  listen(): void {
    this.#mark = this.machine.recordings.mark();
  }

  sound(card: CardName): SoundJudgement {
    return this.machine.recordings.since(this.#mark, card);
  }

  /** The recording of one card holds the tone since `listen`, and the two others hold nothing at all. */
  expectToneOnlyOn(card: CardName): void {
    const heard = this.sound(card);
    this.notes.push(`${card} card: ${describeSound(heard)}`);
    if (!isTone(heard)) throw new Error(`the ${card} card did not play 440 Hz: ${describeSound(heard)}`);
    for (const silent of (['own', 'shared', 'chipset'] as const).filter((name) => name !== card))
      this.expectSilence(silent);
  }

  expectSilence(card: CardName): void {
    const heard = this.sound(card);
    if (!heard.silent) throw new Error(`the ${card} card should be silent: ${describeSound(heard)}`);
  }

  /** The driver that the kernel has bound to a function now; null for none. */
  async driver(address: string): Promise<string | null> {
    const link = await this.sh(`readlink /sys/bus/pci/devices/${address}/driver || true`);
    return link.trim().split('/').pop() || null;
  }

  /** Whether a process of the machine still runs: one that nobody has waited for yet has ended. */
  async alive(pid: number): Promise<boolean> {
    return (await this.attempt(`grep -q '^State:.[^ZX]' /proc/${pid}/status`)).code === 0;
  }

  /** How often the function's interrupts came on the host: vfio names its handlers after the function. */
  async hostInterrupts(address: string): Promise<number> {
    return countInterrupts(await this.sh('cat /proc/interrupts'), `(${address})`);
  }

  /** Everything that was run in this scenario, with what it said. */
  transcript(): string {
    return this.#transcript.join('\n');
  }
}

/** The sum over the processors of all lines of /proc/interrupts that hold `word`. */
export function countInterrupts(text: string, word: string): number {
  let sum = 0;
  for (const line of text.split('\n').filter((candidate) => candidate.includes(word))) {
    const [, ...fields] = line.trim().split(/\s+/);
    for (const field of fields) {
      if (!/^\d+$/.test(field)) break;
      sum += Number(field);
    }
  }
  return sum;
}

/** One word of a bash command line, whatever it holds. */
export function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

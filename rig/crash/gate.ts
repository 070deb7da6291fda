import { join } from 'node:path';
import { type Bench, quoted } from '../bench/bench.ts';
import { journalPath } from './journal-seen.ts';

/** Who is held at which file, once the last record of the journal is of these and of this step. */
export type Rule = {
  /** A pattern of record types. */
  readonly records: string;
  /** How the id of the step begins; empty for any. */
  readonly step: string;
  /** A pattern of the command line. */
  readonly who: string;
  /** A file; below /usr/bin: the run of a program; with a slash at its end: what is opened in a folder. */
  readonly path: string;
};

/** Without a fork: on the machine's only processor each `sleep 0.05` would take the time of what is waited for. */
const patience =
  '[ -e /tmp/pause ] || mkfifo /tmp/pause; exec 4<> /tmp/pause; pause() { read -rt 0.05 -u 4 || true; }';

/**
 * A vfioctl that runs in the machine while files hold up itself, its tools or libvirt's daemon: the position at which
 * it is killed, or the power is cut, is one of its journal and not one of a clock.
 */
export class Gate {
  readonly run: number;
  readonly pid: number;
  readonly #bench: Bench;

  private constructor(bench: Bench, run: number, pid: number) {
    this.#bench = bench;
    this.run = run;
    this.pid = pid;
  }

  /** Starts `vfioctl` with these words, whose journal will be that of `run`. */
  static async start(
    bench: Bench,
    run: number,
    words: readonly string[],
    rules: readonly Rule[],
  ): Promise<Gate> {
    const program = bench.machine.put(join(import.meta.dirname, 'gate.pl'));
    const journal = journalPath(run);
    const ruleWords = rules.flatMap(({ records, step, who, path }) => [records, step, who, path]);
    const pid = await bench.sh(
      [
        patience,
        'cd /tmp; rm -f gate gate.said run.*; mkfifo gate; : > gate.said',
        // The folder must be there to be watched; vfioctl itself makes it like this.
        `install -d -m 700 /var/lib/vfioctl ${journal.replace(/\/[^/]*$/, '')}`,
        `perl ${program} ${[journal, ...ruleWords].map(quoted).join(' ')} > gate.err 2>&1 & echo $! > gate.pid`,
        'until [[ $(< gate.said) == ready* ]]; do [ -e /proc/$! ] || { cat gate.err; exit 1; }; pause; done',
        `( vfioctl ${words.map(quoted).join(' ')} > run.out 2>&1 & echo $! > run.pid; wait $!; echo $? > run.code ) &`,
        'until [ -s run.pid ]; do pause; done; cat run.pid',
      ].join('\n'),
    );
    return new Gate(bench, run, Number(pid));
  }

  /** Waits until all these rules hold somebody; gives their process ids. */
  async held(...rules: readonly number[]): Promise<number[]> {
    const pids = await this.#bench.sh(
      [
        patience,
        'cd /tmp',
        ...rules.map(
          (rule) =>
            `until said=$(< gate.said); [[ $said == *"held ${rule} "* ]]; do [ -e run.code ] && { echo "ended before rule ${rule}"; cat run.out gate.said gate.err; exit 1; }; pause; done; said=\${said#*held ${rule} }; echo "\${said%%$'\\n'*}"`,
        ),
      ].join('\n'),
      150,
    );
    return pids.trim().split('\n').map(Number);
  }

  /** Waits until this is the last record of the journal. */
  async recorded(type: string): Promise<void> {
    await this.#bench.sh(
      [
        patience,
        `until mapfile -t lines < ${journalPath(this.run)}; [[ \${lines[-1]} == *'"type":"${type}"'* ]]; do [ -e /tmp/run.code ] && { cat /tmp/run.out; exit 1; }; pause; done`,
      ].join('\n'),
      60,
    );
  }

  /** Lets go of what a rule holds, or tells it that it may not open the file; at once, or after some seconds. */
  async answer(word: 'allow' | 'deny', rule: number, seconds = 0): Promise<void> {
    const order = `echo '${word} ${rule}' > /tmp/gate`;
    await this.#bench.sh(seconds === 0 ? order : `{ sleep ${seconds}; ${order}; } > /dev/null 2>&1 &`);
  }

  /** SIGKILL for vfioctl. */
  async kill(): Promise<void> {
    await this.#bench.sh(
      `${patience}\nkill -KILL ${this.pid}; while [ -e /proc/${this.pid} ]; do pause; done`,
      20,
    );
  }

  /** Waits for vfioctl's own end; gives its exit code and what it said. */
  async ended(seconds = 200): Promise<{ readonly code: number; readonly said: string }> {
    const text = await this.#bench.sh(
      `${patience}\ncd /tmp; until [ -s run.code ]; do pause; done; cat run.code run.out`,
      seconds,
    );
    const [code = '', ...said] = text.split('\n');
    return { code: Number(code), said: said.join('\n') };
  }

  /** Whoever is held goes on, nobody is held from now on, and no tool of the run is left. */
  async close(): Promise<void> {
    await this.#bench.sh(
      `${patience}\nread -r pid < /tmp/gate.pid; kill -KILL $pid; while pgrep -x virsh > /dev/null; do sleep 0.2; done`,
      60,
    );
  }
}

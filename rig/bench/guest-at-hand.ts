import type { Guest } from '../guest/guests.ts';
import { type Bench, countInterrupts, quoted } from './bench.ts';

/** A program that the guest agent ran in the guest. */
export type ExecResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** A guest as the harness itself handles it, by virsh and never by vfioctl: the independent witness. */
export class GuestAtHand {
  readonly #bench: Bench;
  readonly #guest: Guest;

  constructor(bench: Bench, guest: Guest) {
    this.#bench = bench;
    this.#guest = guest;
  }

  get uuid(): string {
    return this.#guest.uuid;
  }

  get #pidFile(): string {
    return `/run/libvirt/qemu/${this.#guest.name}.pid`;
  }

  async state(): Promise<string> {
    return (await this.#bench.sh(`virsh -q domstate ${this.uuid}`)).trim();
  }

  async start(): Promise<void> {
    await this.#bench.sh(`virsh -q start ${this.uuid}`, 90);
  }

  /** The definition of the running instance. */
  async activeXml(): Promise<string> {
    return this.#bench.sh(`virsh dumpxml ${this.uuid}`);
  }

  /** The definition that holds from the next start, passwords included. */
  async inactiveXml(): Promise<string> {
    return this.#bench.sh(`virsh dumpxml ${this.uuid} --inactive --security-info`);
  }

  /** Waits for the guest's last word of its boot on its console, and for its agent if it has one. */
  async ready(): Promise<string> {
    const log = `/var/log/libvirt/qemu/${this.#guest.name}.console`;
    const ping = quoted(JSON.stringify({ execute: 'guest-ping' }));
    const agent = this.#guest.agent
      ? `until virsh -q qemu-agent-command ${this.uuid} ${ping} > /dev/null 2>&1; do sleep 0.2; done`
      : 'true';
    // QEMU's pid file, not virsh: a virsh each 0.3 s would take the guest's only processor half the time.
    return this.#bench.sh(
      [
        `until grep -q '] ready' ${log}; do`,
        `  [ -e ${this.#pidFile} ] || { cat ${log}; exit 1; }`,
        '  sleep 0.2',
        'done',
        agent,
        `cat ${log}`,
      ].join('\n'),
      90,
    );
  }

  /** Runs a program in the guest through its agent and waits for its end. */
  async exec(path: string, ...args: string[]): Promise<ExecResult> {
    const execute = JSON.stringify({
      execute: 'guest-exec',
      arguments: { path, arg: args, 'capture-output': true },
    });
    const answer = await this.#bench.sh(
      [
        'set -e',
        `started=$(virsh -q qemu-agent-command ${this.uuid} ${quoted(execute)})`,
        `pid=\${started##*\\"pid\\":}; pid=\${pid%%[!0-9]*}`,
        `while :; do`,
        `  status=$(virsh -q qemu-agent-command ${this.uuid} '{"execute":"guest-exec-status","arguments":{"pid":'$pid'}}')`,
        `  case $status in *'"exited":true'*) echo "$status"; break ;; esac`,
        '  sleep 0.2',
        'done',
      ].join('\n'),
    );
    const { return: status } = JSON.parse(answer) as {
      return: { exitcode?: number; 'out-data'?: string; 'err-data'?: string };
    };
    const text = (data: string | undefined): string => Buffer.from(data ?? '', 'base64').toString();
    return {
      code: status.exitcode ?? -1,
      stdout: text(status['out-data']),
      stderr: text(status['err-data']),
    };
  }

  /** Plays the 440 Hz tone of two seconds on the guest's first card; the guest's own words when it cannot. */
  async playTone(): Promise<void> {
    const played = await this.exec('/usr/bin/aplay', '-q', '-D', 'hw:0,0', '/tone.wav');
    if (played.code !== 0)
      throw new Error(`aplay in ${this.#guest.name}: exit ${played.code}\n${played.stderr}`);
  }

  /** How often the sound driver's interrupt came inside the guest. */
  async soundInterrupts(): Promise<number> {
    return countInterrupts((await this.exec('/bin/cat', '/proc/interrupts')).stdout, 'snd_hda_intel');
  }

  /** Presses the power button (or asks the agent) and waits until the guest is off. */
  async shutDown(): Promise<void> {
    await this.#bench.sh(
      [
        `virsh -q shutdown ${this.uuid}`,
        `while [ -e ${this.#pidFile} ]; do sleep 0.2; done`,
        `until virsh -q domstate ${this.uuid} | grep -q 'shut off'; do sleep 0.2; done`,
      ].join('\n'),
      60,
    );
  }
}

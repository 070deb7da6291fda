import { collectAll } from '../../facts/collect.ts';
import { Failure } from '../../failure.ts';
import type { Host } from '../../host/host.ts';
import { recorderOf } from '../../host/recorder.ts';
import { jsonText } from '../../report/terminal.ts';
import { version } from '../../version.ts';
import { type CliContext, print, tell } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { type LookFlags, uriOf } from '../flags.ts';

interface CaptureFlags extends LookFlags {
  readonly redact?: boolean;
}

/** Everything that any command would read, as one file that --host takes elsewhere. */
export async function capture(this: CliContext, flags: CaptureFlags, file?: string): Promise<ExitCode> {
  const here = await this.open(undefined);
  const written = file === '-' ? undefined : file;
  if (written !== undefined) placeCheck(here, written);
  const recorder = recorderOf(await this.open(flags.host));
  await collectAll(recorder.host, { uri: uriOf(flags, this.env) });
  const recorded = recorder.capture({ by: `vfioctl ${version}`, kind: 'recorded', from: null });
  const redact = flags.redact ? (await import('../../facts/redact/capture.ts')).captureRedact : null;
  const text = `${jsonText(redact ? redact(recorded) : recorded)}\n`;
  if (written === undefined) {
    print(this, text);
    return EXIT.done;
  }
  here.replace(written, text, 0o600);
  const size = Math.ceil(Buffer.byteLength(text) / 1024);
  const holds = redact
    ? 'passwords, serial numbers, addresses and names of machines and people are replaced; guests keep their names'
    : "it names this host's hardware, guests and people: --redact leaves that out";
  tell(this, `wrote ${written}: ${size} KiB, readable by you alone; ${holds}`);
  return EXIT.done;
}

/**
 * Only a new file is written. What stands there already may be a link that somebody planted, a pipe, or /dev/null,
 * which root could replace; and a file is somebody's work.
 */
function placeCheck(host: Host, file: string): void {
  const link = host.link(file).state === 'read';
  if (!link && !host.exists(file)) return;
  const what = link ? 'is a link' : 'is there already';
  throw new Failure('usage', `${file} ${what}: a capture is only written to a new file`, 'name another one');
}

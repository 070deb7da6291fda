import { collectAll } from '../../facts/collect.ts';
import { recorderOf } from '../../host/recorder.ts';
import { version } from '../../version.ts';
import { type CliContext, print, tell } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { type LookFlags, uriOf } from '../flags.ts';

/** Everything that any command would read, as one file that --host takes elsewhere. */
export async function capture(this: CliContext, flags: LookFlags, file?: string): Promise<ExitCode> {
  const recorder = recorderOf(await this.open(flags.host));
  await collectAll(recorder.host, { uri: uriOf(flags, this.env) });
  const document = recorder.capture({ by: `vfioctl ${version}`, kind: 'recorded', from: null });
  const text = `${JSON.stringify(document)}\n`;
  if (file === undefined || file === '-') {
    print(this, text);
    return EXIT.done;
  }
  (await this.open(undefined)).replace(file, text, 0o600);
  const size = Math.ceil(Buffer.byteLength(text) / 1024);
  tell(this, `wrote ${file}: ${size} KiB, readable by you alone; it names this host's hardware and guests`);
  return EXIT.done;
}

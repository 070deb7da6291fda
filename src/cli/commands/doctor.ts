import { findingsOf, needsOf, rules } from '../../findings/index.ts';
import { selectorResolve } from '../../model/selector.ts';
import { findingsText } from '../../report/findings.ts';
import { styleOf } from '../../report/terminal.ts';
import { type CliContext, print, printJson } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { LookFlags } from '../flags.ts';
import { guestResolve, lookAt } from '../look.ts';

interface DoctorFlags extends LookFlags {
  readonly guest?: string;
}

/** Exit 0 when nothing stands in the way, 7 when something does or could not be decided. */
export async function doctor(this: CliContext, flags: DoctorFlags, ...devices: string[]): Promise<ExitCode> {
  const look = await lookAt(this, flags, needsOf(rules));
  const functions = devices.flatMap((d) => selectorResolve(look.model, d, look.name)).map((f) => f.address);
  const guest = flags.guest === undefined ? null : guestResolve(look.model, flags.guest);
  const findings = findingsOf(look.model, {
    functions: [...new Set(functions)],
    guest: guest?.uuid ?? null,
    slot: null,
  });
  const wanting = findings.filter(
    (f) => f.state !== 'clear' && (f.severity === 'blocker' || f.severity === 'guard'),
  );
  if (flags.json) {
    printJson(this, { schema: 'vfioctl/findings/1', findings });
  } else {
    const options = { style: styleOf(this.color), columns: this.columns, verbose: flags.verbose ?? false };
    print(this, findingsText(findings, options).join('\n'));
    const close =
      wanting.length === 0
        ? 'nothing stands in the way'
        : `${wanting.length} of ${findings.length} checks stand in the way`;
    print(this, `\n${close}`);
  }
  return wanting.length === 0 ? EXIT.done : EXIT.wanting;
}

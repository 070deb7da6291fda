import type { Finding } from './finding.ts';

/**
 * What stops an assignment: blockers that were found, and guards that were found or could not look. A blocker that
 * could not look does not: the step itself will tell, and is undone then.
 */
export function refusalsOf(findings: readonly Finding[]): Finding[] {
  return findings.filter(
    (f) =>
      (f.severity === 'blocker' && f.state === 'found') ||
      (f.severity === 'guard' && (f.state === 'found' || f.state === 'undecided')),
  );
}

/**
 * Do two definitions say the same, in whatever order? libvirt sorts controllers anew when it reads a definition, and
 * keeps every line otherwise. Asked of the definitions before and after a step, both without what the step is about:
 * if they differ, somebody else changed the guest in the moment between, and must not lose that by an undo.
 */
export function definitionsAgree(a: string, b: string): boolean {
  return linesSorted(a) === linesSorted(b);
}

function linesSorted(xml: string): string {
  const lines = xml.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .sort()
    .join('\n');
}

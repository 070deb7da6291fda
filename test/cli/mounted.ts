import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

const RUNTIME = '/run/vfioctl-test';

/** A folder of this test file's own, gone at its end. */
export function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vfioctl-cli-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * virsh in a mount namespace of its own, where one verb takes `seconds` longer and leaves the file `begun` as it
 * begins: the machine's own virsh, and everybody else's, stays as it is. Answers the command line that runs another.
 */
export function slowVirsh(
  folder: string,
  verb: string,
  seconds: number,
): (argv: readonly string[]) => string[] {
  copyFileSync('/usr/bin/virsh', join(folder, 'virsh.real'));
  const slow = join(folder, 'virsh');
  const wait = `*' ${verb} '*) touch '${folder}/begun'; sleep ${seconds};;`;
  writeFileSync(slow, `#!/bin/sh\ncase "$*" in ${wait} esac\nexec '${folder}/virsh.real' "$@"\n`);
  chmodSync(slow, 0o755);
  return (argv) => namespace(`mount --bind '${slow}' /usr/bin/virsh`, argv);
}

/**
 * A real systemd, as a user's instance in a mount namespace of its own: systemd-run and systemctl talk to it, and
 * /run says that this machine has booted with it. What libvirtd has in /run is there too.
 */
export function ownSystemd(folder: string, argv: readonly string[]): string[] {
  const programs = ['systemd-run', 'systemctl'].flatMap((name) => [
    `cp /usr/bin/${name} '${folder}/${name}.real'`,
    `printf '#!/bin/sh\\nXDG_RUNTIME_DIR=${RUNTIME} exec ${folder}/${name}.real --user "$@"\\n' > '${folder}/${name}'`,
    `chmod 755 '${folder}/${name}'`,
    `mount --bind '${folder}/${name}' /usr/bin/${name}`,
  ]);
  return namespace(
    [
      ...programs,
      `mkdir '${folder}/libvirt'`,
      `mount --bind /run/libvirt '${folder}/libvirt'`,
      'mount -t tmpfs tmpfs /run',
      `mkdir -p /run/systemd/system /run/libvirt ${RUNTIME}`,
      `mount --move '${folder}/libvirt' /run/libvirt`,
      `XDG_RUNTIME_DIR=${RUNTIME} /usr/lib/systemd/systemd --user > /dev/null 2>&1 &`,
      `trap "kill $!" EXIT`,
      `for try in 1 2 3 4 5 6 7 8 9; do systemctl is-system-running > /dev/null && break; sleep 0.3; done`,
    ].join('\n'),
    argv,
    '',
  );
}

/** Nothing that is mounted there is seen outside. */
function namespace(prepare: string, argv: readonly string[], exec = 'exec'): string[] {
  const script = `set -e\nmount --make-rprivate /\n${prepare}\nset +e\n${exec} "$@"`;
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', ...argv];
}

import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { guests, guestXml } from '../guest/guests.ts';
import { Machine } from '../machine/machine.ts';
import { shapes } from '../machine/shape.ts';
import { deadlineIn, runOk } from '../process.ts';
import type { Image } from './build.ts';

/**
 * One boot whose writes stay. libvirt asks QEMU once what it can do, which takes 5 s here, and keeps the answer under
 * the ctimes of the programs, the kernel and the processor: so it must be asked in the finished image, by the
 * machine that will use it. The guests are defined in the same boot.
 */
export async function sealImage(image: Image, say: (line: string) => void): Promise<void> {
  const machine = await Machine.boot({
    shape: shapes.intel,
    kernel: image.kernel,
    initramfs: image.initramfs,
    image: image.disk,
    tool: null,
    runs: dirname(image.disk),
    lifeSeconds: 400,
    say,
  });
  try {
    for (const guest of guests)
      writeFileSync(join(machine.folder, 'share', `${guest.uuid}.xml`), guestXml(guest));
    const script = [
      'set -e',
      'virsh -q domcapabilities --virttype kvm > /dev/null',
      'virsh -q domcapabilities --virttype qemu > /dev/null',
      ...guests.flatMap(({ uuid }) => [
        `virsh -q define --validate /share/${uuid}.xml`,
        // Once more in libvirt's own order of elements, so that the same definition gives the same file again.
        `virsh -q dumpxml ${uuid} --inactive --security-info > /share/again.xml`,
        'virsh -q define /share/again.xml',
      ]),
      'ls /var/cache/libvirt/qemu/capabilities/*.xml',
    ];
    const sealed = await machine.run(script.join('\n'), { seconds: 120 });
    if (sealed.code !== 0)
      throw new Error(`sealing the image failed (${sealed.code})\n${sealed.stdout}${sealed.stderr}`);
    await machine.powerOff('machine');
    await runOk(['qemu-img', 'commit', '-q', machine.overlay], { deadline: deadlineIn(120) });
    machine.discard();
  } catch (cause) {
    await machine.kill();
    throw cause;
  }
}

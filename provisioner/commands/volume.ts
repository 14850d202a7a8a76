// The command lines a volume is made, mounted and grown with. Called by volume.ts.

/** An ext4 file system whose root directory is the site's; nothing of it is written before it is needed. */
export const make = (image: string, owner: number) => [
  'mkfs.ext4', '-q', '-F', '-b', '4096', '-m', '0', '-J', 'size=4', '-L', 'auberge', '-E', `root_owner=${owner}:${owner},lazy_itable_init=1,lazy_journal_init=1,nodiscard`, image,
]
/** `discard`: what is deleted inside becomes a hole in the image again when the file system commits, within some seconds. */
export const mount = (image: string, dir: string) => ['mount', '-t', 'ext4', '-o', 'loop,nodev,nosuid,noatime,discard', image, dir]
/** Past the host's page cache: what a site writes is held once, in its own file system, and reaches the disk under its own cgroup. */
export const direct = (device: string) => ['losetup', '--direct-io=on', device]
/** A copy that is only read: clean, so that no journal has to be replayed. */
export const mountCopy = (image: string, dir: string) => ['mount', '-t', 'ext4', '-o', 'loop,ro,noload,nodev,nosuid,noatime', image, dir]
/** Writes what is waiting for the disk, so that a freeze is short. */
export const flush = (dir: string) => ['sync', '-f', dir]
/** Holds every change of a file system back; what is on its device is whole then (fsfreeze(8)). */
export const freeze = (dir: string) => ['fsfreeze', '--freeze', dir]
export const unfreeze = (dir: string) => ['fsfreeze', '--unfreeze', dir]
/** Without its holes; at once where the host's file system can share blocks. */
export const copy = (image: string, to: string) => ['cp', '--sparse=auto', '--reflink=auto', '--', image, to]
export const unmount = (dir: string) => ['umount', dir]
/** Loop devices of an image file, as lines that begin with the device. */
export const loops = (image: string) => ['losetup', '--noheadings', '--output', 'NAME', '--associated', image]
export const detach = (device: string) => ['losetup', '--detach', device]
export const refresh = (device: string) => ['losetup', '--set-capacity', device]
export const grow = (device: string) => ['resize2fs', device]
/** Status 1 says that something was set right. */
export const check = (image: string) => ['e2fsck', '-f', '-p', image]
/** A small file system for one file: whatever a pod writes there, it can't fill the host. */
export const mountLog = (dir: string) => ['mount', '-t', 'tmpfs', '-o', 'size=2m,nr_inodes=8,mode=0700,nosuid,nodev,noexec', 'auberge-log', dir]

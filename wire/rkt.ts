// Where this machine's rkt is. Asked by the provisioner before it runs pods by it, by set-up, doctor and the tests.
import { findProgram } from './programs.ts'

/** Where programs are looked for, whatever the PATH was that Auberge was started with. */
const PROGRAMS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** What to do where there is none. */
export const NO_RKT = `there is no rkt in ${PROGRAMS.slice(0, 4).join(', ')} and Debian 12 has none to install: build rkt 1.30 with the stage1 "host", put both files into one directory and a link to rkt into /usr/local/bin, or choose --runtime crun`

/** The path of the first rkt in `directories` that can be run, or null. */
export function findRkt(directories: readonly string[] = PROGRAMS): string | null {
  return findProgram('rkt', directories)
}

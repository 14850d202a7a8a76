// rkt, which no package brings: set-up can only say what to do. A step of set-up.
import { AubergeError } from '../../wire/error.ts'
import { findRkt, NO_RKT } from '../../wire/rkt.ts'
import type { Step } from './step.ts'

export const rkt: Step = {
  name: 'rkt',
  check: async () => (findRkt() === null ? NO_RKT : null),
  async mend() {
    throw new AubergeError('unavailable', NO_RKT)
  },
}

// How much of something that costs us more than a visitor one connection may do: so much at once, and as much again over some time. Used by session.ts.
import type { Clock } from '../clock.ts'

export type Allowance = { most: number; over: number }

export class Budget {
  private left: number
  private at: number
  private readonly clock: Clock
  private readonly allowance: Allowance

  constructor(clock: Clock, allowance: Allowance) {
    this.clock = clock
    this.allowance = allowance
    this.left = allowance.most
    this.at = clock.now
  }

  /** False once there is none left. */
  spend(amount = 1): boolean {
    const { most, over } = this.allowance
    const { now } = this.clock
    this.left = Math.min(most, this.left + (now - this.at) * most / over) - amount
    this.at = now
    return this.left >= 0
  }
}

// What the doctor says about one thing.

/** A flaw keeps the house from working, a warning doesn't. `detail` says what is, and for anything but `well` what mends it. */
export type Finding = { subject: string; verdict: 'well' | 'warning' | 'flaw'; detail: string }

/** A finding that is either well or the verdict with its mend. */
export function judge(subject: string, good: boolean, well: string, mend: string, verdict: 'warning' | 'flaw' = 'flaw'): Finding {
  return good ? { subject, verdict: 'well', detail: well } : { subject, verdict, detail: mend }
}

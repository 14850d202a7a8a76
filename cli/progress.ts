// What is being done, on standard error: text for people, log lines for machines. Called by set-up's steps.

export type Say = (text: string) => void

/** Writes each text as a line; with `json` as a log line like those of the house. */
export function progress(json: boolean): Say {
  return text => {
    process.stderr.write(`${json ? JSON.stringify({ level: 30, time: Date.now(), name: 'setup', msg: text }) : text}\n`)
  }
}

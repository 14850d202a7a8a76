// Answers for people: tables, sizes, times. Pure; used by the verbs.

/** Columns under headings, two spaces apart; a table without rows says so. */
export function table(headings: string[], rows: (string | number | null)[][], none = 'none'): string {
  if (rows.length === 0) return `${none}\n`
  const cells = [headings, ...rows.map(row => row.map(cell => safe(String(cell ?? '-'))))]
  const widths = headings.map((_, column) => Math.max(...cells.map(row => row[column]?.length ?? 0)))
  return `${cells.map(row => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n')}\n`
}

/** Name and value in a line each; without value, no line. */
export function sheet(rows: [string, string | number | null | undefined][]): string {
  const said = rows.flatMap(([name, value]) => (value === null || value === undefined || value === '' ? [] : [[name, safe(String(value))] as const]))
  const width = Math.max(0, ...said.map(([name]) => name.length))
  return said.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('')
}

/** `1.5 MiB`. */
export function size(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(bytes) / 10))
  const amount = bytes / 1024 ** power
  return `${power === 0 || amount >= 100 ? Math.round(amount) : Number(amount.toFixed(1))} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`
}

/** `2026-11-23 09:30`, in the machine's own time zone. */
export function moment(epoch: number | null): string | null {
  if (epoch === null) return null
  const two = (number: number) => String(number).padStart(2, '0')
  const at = new Date(epoch)
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`
}

/** Without control characters: what visitors and owners chose must not steer the administrator's terminal. */
export function safe(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '�')
}

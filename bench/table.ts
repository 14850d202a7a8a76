// A benchmark's result and its table. Used by bench/main.ts.

/** One measure: ours and the peers' medians in `unit`, and ours divided by each peer's. */
export type Result = {
  name: string
  unit: string
  ours: number
  peers: Record<string, number>
  ratios: Record<string, number>
  /** Runs the medians are of. */
  n: number
  conditions: string
}

export function print(result: Result): void {
  console.log(`${result.name} (${result.unit}; median of ${result.n}; ${result.conditions})`)
  console.log(`  ${'auberge'.padEnd(14)}${(Number.isNaN(result.ours) ? '-' : result.ours.toFixed(1)).padStart(10)}`)
  for (const [peer, value] of Object.entries(result.peers)) {
    console.log(`  ${peer.padEnd(14)}${value.toFixed(1).padStart(10)}${Number.isNaN(result.ours) ? '' : `   ours is ${(result.ratios[peer] ?? NaN).toFixed(2)} times that`}`)
  }
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

/** A result out of each contestant's runs; `auberge` is ours. */
export function compare(name: string, unit: string, runs: Record<string, number[]>, conditions: string): Result {
  const medians = Object.fromEntries(Object.entries(runs).map(([who, values]) => [who, median(values)]))
  const { auberge: ours = NaN, ...peers } = medians
  const ratios = Object.fromEntries(Object.entries(peers).map(([peer, value]) => [peer, ours / value]))
  return { name, unit, ours, peers, ratios, n: Math.max(0, ...Object.values(runs).map(values => values.length)), conditions: `${conditions}; lowest to highest: ${spread(runs)}` }
}

function spread(runs: Record<string, number[]>): string {
  return Object.entries(runs).map(([who, values]) => `${who} ${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`).join(', ')
}

// How a site was used over the last week, as small charts: drawn here as paths, so that they need no script and no style of their own.
import type { UsageSample } from '../../../desk.ts'
import * as format from '../../format.ts'
import type { Language, Sentence } from '../../language/pick.ts'
import { speaker } from '../../language/pick.ts'
import type { Card } from './section.ts'

/** Bars of a week, and milliseconds of each. */
const BARS = 84
const SPAN = 2 * 60 * 60_000
/** A bar's place and breadth, and the height of the tallest, in the units of the view box. */
const STEP = 4
const BREADTH = 3
const HEIGHT = 48

export const WIDTH = BARS * STEP

/** `now`: the number beside the title; `most`: what the tallest bar stands for. */
export type Chart = { title: Sentence; now: string; most: string; path: string; empty: boolean }

export const chartsCard: Card = {
  view: 'charts',
  data: async (room, request, site) => {
    const samples = await room.desk.history(site.name).catch(() => [])
    return { charts: charts(samples, request.language), width: WIDTH, height: HEIGHT, since: format.day(Date.now() - BARS * SPAN, request.language) }
  },
}

/** A chart each of requests, wakes, memory and disk, up to `now`. */
export function charts(samples: UsageSample[], language: Language, now = Date.now()): Chart[] {
  const t = speaker(language)
  const size = (bytes: number): string => format.bytes(bytes, language)
  const count = (value: number): string => format.number(value, language)
  const bars = grouped(samples, now)
  const sum = (values: number[]): number => values.reduce((all, one) => all + one, 0)
  const chart = (title: Sentence, values: number[], spell: (value: number) => string, said: string, peak: Sentence = 'chart_peak'): Chart => {
    const most = Math.max(0, ...values)
    return { title, now: said, most: t(peak, { most: spell(most) }), path: pathOf(values, most), empty: most === 0 }
  }
  const requests = bars.map(bar => sum(bar.map(one => one.requests)))
  const wakes = bars.map(bar => sum(bar.map(one => one.wakes)))
  const memory = bars.map(bar => Math.max(0, ...bar.map(one => one.memory)))
  const disk = carried(bars.map(bar => bar.findLast(one => one.disk !== null)?.disk ?? null))
  return [
    chart('requests', requests, count, count(sum(requests)), 'chart_most'), chart('chart_wakes', wakes, count, count(sum(wakes)), 'chart_most'),
    chart('memory', memory, size, size(memory.at(-1) ?? 0)), chart('disk', disk, size, size(disk.at(-1) ?? 0)),
  ]
}

/** The samples of each bar; the last bar is the one that is under way. */
function grouped(samples: UsageSample[], now: number): UsageSample[][] {
  const first = Math.floor(now / SPAN) - BARS + 1
  const bars: UsageSample[][] = Array.from({ length: BARS }, () => [])
  for (const sample of samples) bars[Math.floor(sample.at / SPAN) - first]?.push(sample)
  return bars
}

/** A disk is as full as it was last seen. */
function carried(values: (number | null)[]): number[] {
  let last = 0
  return values.map(value => (last = value ?? last))
}

/** A bar is never less than a visible line, unless it is nothing. */
function pathOf(values: number[], most: number): string {
  const bar = (value: number, index: number): string =>
    value === 0 ? '' : `M${index * STEP} ${HEIGHT}v-${Math.max(1, Math.round(HEIGHT * value / most))}h${BREADTH}V${HEIGHT}z`
  return values.map(bar).join('')
}

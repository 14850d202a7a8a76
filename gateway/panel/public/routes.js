// The routing table, live. All rows are kept in a map; only those that are seen are in the page, and only cells that changed are touched.
import { ago } from './ago.js'
import { word } from './states.js'
import { standing, watch } from './watch.js'

const table = document.getElementById('routes')
const body = table.tBodies[0]
const filter = document.getElementById('filter')
const count = document.getElementById('count')
const more = document.getElementById('more')
const none = document.getElementById('none')
const live = document.getElementById('live')
const kinds = JSON.parse(table.dataset.kinds)
const reasons = JSON.parse(table.dataset.why)
const language = document.documentElement.lang
const number = new Intl.NumberFormat(language)
const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']
const sizes = UNITS.map(unit => new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 0 }))
/** Milliseconds in which a rate fades to a third, as the house counts it. */
const FADING = 10_000

const rows = new Map()
const shown = new Map()
let sort = table.dataset.sort
let down = table.dataset.down === '1'
let most = Number(table.dataset.most)

const VALUES = { perSecond: rate, lastWake: row => row.lastWake?.at ?? 0, lastRequestAt: row => row.lastRequestAt ?? 0 }
const value = row => VALUES[sort]?.(row) ?? row[sort] ?? ''

function compare(one, other) {
  const [a, b] = [value(one), value(other)]
  const order = a < b ? -1 : a > b ? 1 : one.host < other.host ? -1 : 1
  return down ? -order : order
}

function matching() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return [...rows.values()]
  return [...rows.values()].filter(row => {
    const text = [row.host, row.kind, row.owner, row.state, row.upstream].join(' ').toLowerCase()
    return words.every(word => text.includes(word))
  })
}

/** Puts the rows to be seen in the page, in order; an element is kept as long as its row is seen. */
function arrange() {
  const found = matching().sort(compare)
  const seen = found.slice(0, most)
  const keep = new Set(seen.map(row => row.host))
  for (const [host, element] of shown) {
    if (keep.has(host)) continue
    element.remove()
    shown.delete(host)
  }
  let before = body.firstElementChild
  for (const row of seen) {
    const element = shown.get(row.host) ?? create(row)
    if (element === before) before = before.nextElementSibling
    else body.insertBefore(element, before)
    fill(element, row)
  }
  count.textContent = count.dataset.text.replace('{shown}', number.format(seen.length)).replace('{all}', number.format(rows.size))
  more.hidden = found.length <= seen.length
  none.hidden = found.length > 0
}

function create(row) {
  const element = document.createElement('tr')
  element.dataset.host = row.host
  const head = element.appendChild(document.createElement('th'))
  head.scope = 'row'
  for (let index = 1; index < 10; index++) element.appendChild(document.createElement('td'))
  for (const index of [4, 5, 6, 7]) element.cells[index].className = 'num'
  element.cells[3].className = 'mono'
  shown.set(row.host, element)
  return element
}

function fill(element, row) {
  const [host, owner, state, upstream, perSecond, inFlight, requests, memory, lastRequest, lastWake] = element.cells
  if (host.dataset.host !== row.host) fillHost(host, row)
  if (owner.textContent !== (row.owner ?? '')) owner.replaceChildren(...row.owner === null ? [] : [link(`/admin/accounts/${encodeURIComponent(row.owner)}`, row.owner, 'plain')])
  fillState(state, row)
  text(upstream, (row.upstream ?? '').replace(/^\/.*\//, ''))
  text(perSecond, shownRate(row))
  text(inFlight, row.inFlight > 0 ? number.format(row.inFlight) : '')
  text(requests, number.format(row.requests))
  text(memory, row.memory > 0 ? size(row.memory) : '')
  fillTime(lastRequest, row.lastRequestAt, '')
  fillTime(lastWake, row.lastWake?.at ?? null, row.lastWake === null ? '' : ` ${Math.round(row.lastWake.ms)} ms · ${row.lastWake.cause}`)
}

function text(cell, content) {
  if (cell.textContent !== content) cell.textContent = content
}

function link(href, textContent, className = '') {
  return Object.assign(document.createElement('a'), { href, textContent, className })
}

function fillHost(cell, row) {
  cell.dataset.host = row.host
  if (row.site !== null) cell.replaceChildren(link(`/sites/${encodeURIComponent(row.site)}`, row.host))
  else cell.replaceChildren(`${row.host} `, Object.assign(document.createElement('span'), { className: 'badge plain', textContent: kinds[row.kind] }))
}

/** Requests a second, fading since the house last told them. */
function rate(row) {
  return (row.perSecond ?? 0) * Math.exp((row.toldAt - Date.now()) / FADING)
}

function shownRate(row) {
  const now = Math.round(rate(row) * 10) / 10
  return now > 0 ? number.format(now) : ''
}

function size(bytes) {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
  return sizes[step].format(bytes / 1024 ** step)
}

function why(because) {
  return (because ?? []).map(one => reasons[one.what].replace('{count}', number.format(one.count ?? 0))).join(', ')
}

function fillState(cell, { state, because }) {
  if (state === null) return
  fillWindow(cell, state)
  const reason = why(because)
  const hint = cell.querySelector('.hint') ?? cell.appendChild(Object.assign(document.createElement('span'), { className: 'hint' }))
  if (hint.textContent !== reason) hint.textContent = reason
}

function fillWindow(cell, state) {
  const old = cell.querySelector('.state')
  if (old?.dataset.state === state) return
  const outer = Object.assign(document.createElement('span'), { className: 'state' })
  const pane = Object.assign(document.createElement('span'), { className: 'window' })
  const name = Object.assign(document.createElement('span'), { className: 'state-word', textContent: word(state) })
  outer.dataset.state = state
  pane.dataset.state = state
  pane.setAttribute('aria-hidden', 'true')
  outer.append(pane, name)
  if (old) old.replaceWith(outer)
  else cell.replaceChildren(outer, ' ')
}

function fillTime(cell, at, note) {
  const key = `${at} ${note}`
  if (cell.dataset.key === key) return
  cell.dataset.key = key
  if (at === null) return cell.replaceChildren()
  const time = document.createElement('time')
  time.dataset.ago = ''
  time.dateTime = new Date(at).toISOString()
  time.textContent = ago(at)
  cell.replaceChildren(time, Object.assign(document.createElement('span'), { className: 'hint', textContent: note }))
}

function note(row) {
  row.toldAt = Date.now()
  rows.set(row.host, row)
}

/** Rates fade on the page as they do in the house, which tells nothing of hosts that nobody visits. */
function fade() {
  for (const [host, element] of shown) {
    const row = rows.get(host)
    if (row?.perSecond > 0) text(element.cells[4], shownRate(row))
  }
}

/** Rows that changed but keep their place are filled where they are. */
function change({ rows: changed, gone }) {
  const moves = gone.length > 0 || changed.some(row => !rows.has(row.host)) || sort !== 'host' || filter.value !== ''
  for (const row of changed) note(row)
  for (const host of gone) rows.delete(host)
  if (moves) arrange()
  for (const row of changed) {
    const element = shown.get(row.host)
    if (element === undefined) continue
    fill(element, row)
    element.classList.remove('fresh')
    void element.offsetWidth
    element.classList.add('fresh')
  }
}

for (const element of body.rows) shown.set(element.dataset.host, element)

filter.addEventListener('input', arrange)
filter.form.addEventListener('submit', event => event.preventDefault())
more.addEventListener('click', event => {
  event.preventDefault()
  most += Number(table.dataset.page)
  arrange()
})
table.tHead.addEventListener('click', event => {
  const head = event.target.closest('a')?.closest('th')
  if (!head) return
  event.preventDefault()
  down = sort === head.dataset.column && !down
  sort = head.dataset.column
  for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort')
  head.setAttribute('aria-sort', down ? 'descending' : 'ascending')
  arrange()
})

setInterval(fade, 2000)

watch('/api/routes/events', { table: begin, change }, tell)

function begin(all) {
  rows.clear()
  for (const row of all) note(row)
  arrange()
}

function tell(how) {
  live.hidden = how === 'out' || how === 'gone'
  live.classList.toggle('lost', how !== 'well')
  live.textContent = how === 'well' ? live.dataset.live : live.dataset.lost
  standing(how === 'lost' ? 'well' : how)
}

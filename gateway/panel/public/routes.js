// The routing table, live. All rows are kept in a map; only those that are seen are in the page, and only cells that changed are touched.
import { ago } from './ago.js'
import { word } from './states.js'

const table = document.getElementById('routes')
const body = table.tBodies[0]
const filter = document.getElementById('filter')
const count = document.getElementById('count')
const more = document.getElementById('more')
const none = document.getElementById('none')
const live = document.getElementById('live')
const kinds = JSON.parse(table.dataset.kinds)
const number = new Intl.NumberFormat(document.documentElement.lang)

const rows = new Map()
const shown = new Map()
let sort = table.dataset.sort
let down = table.dataset.down === '1'
let most = Number(table.dataset.most)

const VALUES = { lastWake: row => row.lastWake?.at ?? 0, lastRequestAt: row => row.lastRequestAt ?? 0 }
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
  for (let index = 1; index < 9; index++) element.appendChild(document.createElement('td'))
  for (const index of [5, 6]) element.cells[index].className = 'num'
  element.cells[4].className = 'mono'
  shown.set(row.host, element)
  return element
}

function fill(element, row) {
  const [host, kind, owner, state, upstream, requests, inFlight, lastRequest, lastWake] = element.cells
  if (row.site === null) text(host, row.host)
  else if (host.querySelector('a')?.textContent !== row.host) host.replaceChildren(link(row))
  text(kind, kinds[row.kind])
  text(owner, row.owner ?? '')
  fillState(state, row.state)
  text(upstream, (row.upstream ?? '').replace(/^\/.*\//, ''))
  text(requests, number.format(row.requests))
  text(inFlight, number.format(row.inFlight))
  fillTime(lastRequest, row.lastRequestAt, '')
  fillTime(lastWake, row.lastWake?.at ?? null, row.lastWake === null ? '' : ` ${Math.round(row.lastWake.ms)} ms · ${row.lastWake.cause}`)
}

function text(cell, content) {
  if (cell.textContent !== content) cell.textContent = content
}

function link(row) {
  const anchor = document.createElement('a')
  anchor.href = `/sites/${encodeURIComponent(row.site)}`
  anchor.textContent = row.host
  return anchor
}

function fillState(cell, state) {
  const old = cell.querySelector('.state')
  if (state === null || old?.dataset.state === state) return
  const outer = Object.assign(document.createElement('span'), { className: 'state' })
  const pane = Object.assign(document.createElement('span'), { className: 'window' })
  const name = Object.assign(document.createElement('span'), { className: 'state-word', textContent: word(state) })
  outer.dataset.state = state
  pane.dataset.state = state
  pane.setAttribute('aria-hidden', 'true')
  outer.append(pane, name)
  cell.replaceChildren(outer)
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

/** Rows that changed but keep their place are filled where they are. */
function change({ rows: changed, gone }) {
  const moves = gone.length > 0 || changed.some(row => !rows.has(row.host)) || sort !== 'host' || filter.value !== ''
  for (const row of changed) rows.set(row.host, row)
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

const events = new EventSource('/api/routes/events')
events.addEventListener('table', event => {
  rows.clear()
  for (const row of JSON.parse(event.data)) rows.set(row.host, row)
  arrange()
  tell(true)
})
events.addEventListener('change', event => change(JSON.parse(event.data)))
events.addEventListener('error', () => tell(false))
addEventListener('pagehide', () => events.close())

function tell(well) {
  live.hidden = false
  live.classList.toggle('lost', !well)
  live.textContent = well ? live.dataset.live : live.dataset.lost
}

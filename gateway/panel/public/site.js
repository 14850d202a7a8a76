// A site's page as it changes: state, who woke it and why it is awake, failure, and which buttons make sense.
import { since } from './ago.js'
import { showState } from './states.js'
import { standing, watch } from './watch.js'

const plate = document.querySelector('[data-live]')
const failure = plate.querySelector('[data-failure]')
const lastWake = plate.querySelector('[data-last-wake]')
const awake = plate.querySelector('[data-awake]')
const sentences = JSON.parse(awake.dataset.texts)
const number = new Intl.NumberFormat(document.documentElement.lang)

function show(site) {
  showState(plate, site.state)
  if (site.lastWake !== null) tellWake(site.lastWake)
  tellAwake(site.awake)
  failure.hidden = site.failure === null
  failure.querySelector('span').textContent = site.failure ?? ''
  for (const button of plate.querySelectorAll('[data-when]')) button.disabled = !button.dataset.when.split(' ').includes(site.state)
}

function tellWake({ at, ms, cause }) {
  const { text, causes } = lastWake.dataset
  const agents = { robot: 'robot', browser: 'visitor' }
  const by = cause.by === 'visitor' ? agents[cause.agent] ?? 'tool' : cause.by
  lastWake.replaceChildren('· ', ...since(text.replace('{ms}', number.format(Math.round(ms))).replace('{cause}', JSON.parse(causes)[by]), at))
}

function tellAwake(now) {
  awake.hidden = now === null
  if (now === null) return
  const reasons = now.because.flatMap(({ what, count, until }) => [' ', ...what === 'recent' ? since(sentences.recent, until) : [sentences[what].replace('{count}', number.format(count))]])
  awake.replaceChildren(...since(sentences.since, now.since), ...reasons)
}

watch(`/api/sites/${encodeURIComponent(plate.dataset.live)}/events`, { site: show, gone: () => standing('gone') })

// On a phone the tabs are wider than the page.
document.querySelector('.tabs [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })

// A site's page as it changes: state, failure, and which buttons make sense.
import { ago } from './ago.js'
import { showState } from './states.js'

const plate = document.querySelector('[data-live]')
const failure = plate.querySelector('[data-failure]')
const events = new EventSource(`/api/sites/${encodeURIComponent(plate.dataset.live)}/events`)

events.addEventListener('site', event => {
  const site = JSON.parse(event.data)
  showState(plate, site.state)
  if (site.lastWake !== null) tellWake(site.lastWake)
  failure.hidden = site.failure === null
  failure.querySelector('span').textContent = site.failure ?? ''
  for (const button of plate.querySelectorAll('[data-when]')) button.disabled = !button.dataset.when.split(' ').includes(site.state)
})

function tellWake({ at, ms, cause }) {
  const place = plate.querySelector('[data-last-wake]')
  const { text, causes } = place.dataset
  const agents = { robot: 'robot', browser: 'visitor' }
  const by = cause.by === 'visitor' ? agents[cause.agent] ?? 'tool' : cause.by
  place.textContent = `· ${text.replace('{when}', ago(at)).replace('{ms}', Math.round(ms)).replace('{cause}', JSON.parse(causes)[by])}`
}

addEventListener('pagehide', () => events.close())

// On a phone the tabs are wider than the page.
document.querySelector('.tabs [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })

// A site's page as it changes: state, failure, and which buttons make sense.
import { showState } from './states.js'

const plate = document.querySelector('[data-live]')
const failure = plate.querySelector('[data-failure]')
const events = new EventSource(`/api/sites/${encodeURIComponent(plate.dataset.live)}/events`)

events.addEventListener('site', event => {
  const site = JSON.parse(event.data)
  showState(plate, site.state)
  failure.hidden = site.failure === null
  failure.querySelector('span').textContent = site.failure ?? ''
  for (const button of plate.querySelectorAll('[data-when]')) button.disabled = !button.dataset.when.split(' ').includes(site.state)
})

addEventListener('pagehide', () => events.close())

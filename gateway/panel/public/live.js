// The dashboard's windows: looks at the list every few seconds while the page is seen (one request, however many sites).
import { showState } from './states.js'

const PERIOD = 4000
const rooms = new Map([...document.querySelectorAll('[data-site]')].map(room => [room.dataset.site, room]))

async function look() {
  if (document.hidden || rooms.size === 0) return
  try {
    const response = await fetch('/api/sites')
    if (!response.ok) return
    for (const site of await response.json()) {
      const room = rooms.get(site.name)
      if (room !== undefined && site.kind === 'site') showState(room, site.state)
    }
  } catch { /* the next look will tell */ }
}

setInterval(look, PERIOD)
document.addEventListener('visibilitychange', look)

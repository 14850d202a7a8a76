// A stream of events, opened again when it broke or the browser comes back to a page it kept; and the notes of views/standing.eta on how that stands.
const AGAIN = 3000

/** `heard`: what to do with each kind of event. `told` hears `well`, `lost` (and it is tried again), `gone` or `out` (and it isn't). */
export function watch(address, heard, told = standing) {
  let events
  const open = () => {
    events = new EventSource(address)
    for (const [name, hear] of Object.entries(heard)) events.addEventListener(name, event => hear(JSON.parse(event.data)))
    events.addEventListener('open', () => told('well'))
    events.addEventListener('error', broken)
  }
  /** A browser tries again by itself where nobody answered, and gives up where the answer was a refusal. */
  const broken = async () => {
    if (events.readyState !== EventSource.CLOSED) return told('lost')
    const why = refusal(await statusOf(address))
    told(why ?? 'lost')
    if (why === undefined) setTimeout(open, AGAIN)
  }
  open()
  addEventListener('pagehide', () => events.close())
  addEventListener('pageshow', event => { if (event.persisted) open() })
}

/** What a status means for a page that is open. */
export function refusal(status) {
  return { 401: 'out', 403: 'out', 404: 'gone' }[status]
}

/** After a request that nobody answered: whether that is because the site is gone, or nobody is signed in any more. */
export async function explain(address) {
  standing(refusal(await statusOf(address)))
}

async function statusOf(address) {
  const asking = new AbortController()
  try {
    return (await fetch(address, { signal: asking.signal })).status
  } catch {
    return 0
  } finally {
    asking.abort()
  }
}

/** Shows the note that fits, and no other. */
export function standing(how) {
  for (const note of document.querySelectorAll('[data-standing]')) note.hidden = note.dataset.standing !== how
}

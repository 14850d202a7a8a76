// Keeps "3 minutes ago" true while a page is open. On every page.
const SPANS = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]]
const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: 'auto' })

export function ago(at) {
  const seconds = (at - Date.now()) / 1000
  const [unit, size] = SPANS.find(([, span]) => Math.abs(seconds) >= span) ?? SPANS[3]
  return format.format(Math.round(seconds / size), unit)
}

/** A sentence with `{when}` in it, as nodes: the time in it stays true. */
export function since(sentence, at) {
  const [before, after = ''] = sentence.split('{when}')
  const time = Object.assign(document.createElement('time'), { dateTime: new Date(at).toISOString(), textContent: ago(at) })
  time.dataset.ago = ''
  return [before, time, after]
}

setInterval(() => {
  for (const time of document.querySelectorAll('time[data-ago]')) {
    const text = ago(Date.parse(time.dateTime))
    if (time.textContent !== text) time.textContent = text
  }
}, 5000)

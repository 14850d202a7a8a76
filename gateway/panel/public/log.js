// Follows a site's log. The text is put in as text, whatever is in it.
const MOST = 200_000
const button = document.querySelector('[data-follow]')
if (button !== null) prepare(button)

function prepare(button) {
  const log = document.getElementById(button.getAttribute('aria-controls'))
  let following = null
  log.scrollTop = log.scrollHeight
  button.hidden = false
  button.addEventListener('click', () => {
    if (following === null) {
      following = new AbortController()
      button.textContent = button.dataset.stop
      follow(button.dataset.follow, log, following.signal).finally(() => {
        following = null
        button.textContent = button.dataset.start
      })
    } else following.abort()
  })
}

async function follow(address, log, signal) {
  try {
    const response = await fetch(address, { signal })
    if (!response.ok) return
    log.textContent = ''
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) append(log, text)
  } catch { /* stopped, or the connection ended */ }
}

function append(log, text) {
  const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 4
  log.append(text)
  if (log.textContent.length > MOST) log.textContent = log.textContent.slice(-MOST / 2)
  if (atEnd) log.scrollTop = log.scrollHeight
}

// Says while you type whether a name is free.
const PAUSE = 250

for (const input of document.querySelectorAll('input[data-name-check]')) {
  const field = input.closest('.field')
  const hint = document.getElementById(input.getAttribute('aria-describedby'))
  let timer
  const instead = field.querySelector('[data-suggestions]')
  let asking = new AbortController()

  const show = (look, text) => {
    field.classList.toggle('free', look === 'free')
    field.classList.toggle('wrong', look === 'wrong')
    if (look === 'wrong') input.setAttribute('aria-invalid', 'true')
    else input.removeAttribute('aria-invalid')
    hint.textContent = text
  }

  /** Names that are free, each a button that takes it. */
  const offer = names => {
    instead.hidden = names.length === 0
    instead.replaceChildren(input.dataset.instead, ...names.flatMap(name => {
      const button = Object.assign(document.createElement('button'), { type: 'button', className: 'quiet', textContent: name })
      button.addEventListener('click', () => {
        input.value = name
        input.focus()
        changed()
      })
      return [' ', button]
    }))
  }

  const ask = async name => {
    asking = new AbortController()
    try {
      const response = await fetch(`/api/names/${encodeURIComponent(name)}`, { signal: asking.signal })
      const body = await response.json()
      if (body.available && body.unicode) show('free', input.dataset.known.replace('{unicode}', body.unicode).replace('{name}', body.name))
      else if (body.available) show('free', input.dataset.free.replace('{name}', name))
      else show('wrong', body.reason ?? body.error?.message ?? '')
      offer(body.suggestions ?? [])
    } catch (error) {
      if (error.name !== 'AbortError') show('', input.dataset.hint)
    }
  }

  const changed = () => {
    clearTimeout(timer)
    asking.abort()
    offer([])
    const name = input.value.trim()
    if (name === '') return show('', input.dataset.hint)
    show('', input.dataset.checking)
    timer = setTimeout(ask, PAUSE, name)
  }

  input.addEventListener('input', changed)
  if (input.value !== '' && !field.classList.contains('wrong')) changed()
}

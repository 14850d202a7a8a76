// Says while you type whether a name is free.
const PAUSE = 250

for (const input of document.querySelectorAll('input[data-name-check]')) {
  const field = input.closest('.field')
  const hint = document.getElementById(input.getAttribute('aria-describedby'))
  let timer
  let asking = new AbortController()

  const show = (look, text) => {
    field.classList.toggle('free', look === 'free')
    field.classList.toggle('wrong', look === 'wrong')
    if (look === 'wrong') input.setAttribute('aria-invalid', 'true')
    else input.removeAttribute('aria-invalid')
    hint.textContent = text
  }

  const ask = async name => {
    asking = new AbortController()
    try {
      const response = await fetch(`/api/names/${encodeURIComponent(name)}`, { signal: asking.signal })
      const body = await response.json()
      if (body.available) show('free', input.dataset.free.replace('{name}', name))
      else show('wrong', body.reason ?? body.error?.message ?? '')
    } catch (error) {
      if (error.name !== 'AbortError') show('', input.dataset.hint)
    }
  }

  const changed = () => {
    clearTimeout(timer)
    asking.abort()
    const name = input.value.trim()
    if (name === '') return show('', input.dataset.hint)
    show('', input.dataset.checking)
    timer = setTimeout(ask, PAUSE, name)
  }

  input.addEventListener('input', changed)
  if (input.value !== '' && !field.classList.contains('wrong')) changed()
}

// A form is sent once, however often its button is pressed. On every page. What a script sends itself, and what opens elsewhere, may be sent again.
const PATIENCE = 10_000

document.addEventListener('submit', event => {
  const form = event.target
  if (event.defaultPrevented || form.method === 'get' || form.target === '_blank') return
  if (form.dataset.sent !== undefined) return event.preventDefault()
  form.dataset.sent = ''
  setTimeout(forget, PATIENCE, form)
})

addEventListener('pageshow', () => document.querySelectorAll('form[data-sent]').forEach(forget))

function forget(form) {
  delete form.dataset.sent
}

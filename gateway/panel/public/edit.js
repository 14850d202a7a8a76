// Saves a text without leaving the page, by the button or Ctrl+S, over the version that was loaded alone; warns before what isn't saved is left.
import { refusal, standing } from './watch.js'

const form = document.querySelector('[data-edit]')
if (form !== null) prepare(form)

function prepare(form) {
  const { text, version, eol } = form.elements
  const status = form.querySelector('[data-status]')
  let saved = text.value
  const tell = () => { status.textContent = text.value === saved ? '' : form.dataset.unsaved }

  async function save() {
    const sent = text.value
    const response = await fetch(form.dataset.edit, {
      method: 'PUT', headers: { 'if-match': `"${version.value}"`, 'content-type': 'application/octet-stream' },
      body: eol.value === 'crlf' ? sent.replace(/\n/g, '\r\n') : sent,
    })
    const answer = await response.json()
    if (response.ok) {
      version.value = answer.version
      saved = sent
      status.textContent = form.dataset.saved
    } else if (response.status === 409) {
      saved = sent
      form.submit()
    } else {
      status.textContent = answer.error.message
      standing(refusal(response.status))
    }
  }

  form.addEventListener('submit', event => {
    if (event.submitter?.name === 'force') return void (saved = text.value)
    event.preventDefault()
    save().catch(() => { status.textContent = form.dataset.failed })
  })
  text.addEventListener('input', tell)
  addEventListener('keydown', event => {
    if ((event.ctrlKey || event.metaKey) && event.key === 's') {
      event.preventDefault()
      form.requestSubmit()
    }
  })
  addEventListener('beforeunload', event => { if (text.value !== saved) event.preventDefault() })
}

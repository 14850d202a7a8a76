// Building and rolling images: the answer's lines are shown as they come, and the page is loaded anew at the end.
const log = document.getElementById('progress')

for (const form of document.querySelectorAll('form[data-progress]')) {
  form.addEventListener('submit', event => {
    event.preventDefault()
    for (const button of document.querySelectorAll('form[data-progress] button')) button.disabled = true
    follow(form.dataset.progress).catch(error => append(`${error.message}\n`)).finally(() => {
      for (const button of document.querySelectorAll('form[data-progress] button')) button.disabled = false
    })
  })
}

async function follow(address) {
  log.hidden = false
  log.textContent = ''
  const response = await fetch(address, { method: 'POST' })
  if (!response.ok) throw new Error((await response.json()).error.message)
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) append(text)
  if (!/^failed/m.test(log.textContent)) location.assign('/admin/images?done=image_ready')
}

function append(text) {
  log.append(text)
  log.scrollTop = log.scrollHeight
}

// Sends an archive or a backup as it is, with progress; by the form's button or dropped on it.
for (const form of document.querySelectorAll('form[data-upload]')) prepare(form)

function prepare(form) {
  const drop = form.querySelector('.drop')
  const input = form.querySelector('input[type=file]')

  form.addEventListener('submit', event => {
    const [file] = input.files
    if (file === undefined) return
    event.preventDefault()
    send(form, file)
  })
  for (const type of ['dragenter', 'dragover']) {
    drop.addEventListener(type, event => {
      event.preventDefault()
      drop.classList.add('over')
    })
  }
  drop.addEventListener('dragleave', () => drop.classList.remove('over'))
  drop.addEventListener('drop', event => {
    event.preventDefault()
    drop.classList.remove('over')
    const [file] = event.dataTransfer.files
    if (file !== undefined) send(form, file)
  })
}

function send(form, file) {
  const { upload, then, busy, unpack, failed } = form.dataset
  const hint = form.querySelector('.drop .hint')
  const bar = form.querySelector('progress')
  const button = form.querySelector('button')
  const end = text => {
    form.querySelector('.drop').classList.add('wrong')
    hint.textContent = text
    bar.hidden = true
    button.disabled = false
  }
  const request = new XMLHttpRequest()
  request.upload.addEventListener('progress', event => {
    const percent = Math.round(100 * event.loaded / event.total)
    bar.value = percent
    hint.textContent = percent === 100 ? unpack : busy.replace('{percent}', percent)
  })
  request.addEventListener('load', () => request.status === 200 ? location.assign(then) : end(reason(request.responseText) ?? failed))
  request.addEventListener('error', () => end(failed))
  form.querySelector('.drop').classList.remove('wrong')
  button.disabled = true
  bar.hidden = false
  request.open('PUT', upload)
  request.setRequestHeader('content-type', 'application/octet-stream')
  request.send(file)
}

function reason(text) {
  try {
    return JSON.parse(text).error.message
  } catch {
    return undefined
  }
}

// Shows a site's state: the window, and the word beside it.
const words = JSON.parse(document.getElementById('words')?.dataset.states ?? '{}')

export function word(state) {
  return words[state] ?? state
}

/** Within `element`, everything that shows the state shows `state`. */
export function showState(element, state) {
  if (element.dataset.state === state) return
  element.dataset.state = state
  for (const shown of element.querySelectorAll('.window')) shown.dataset.state = state
  for (const shown of element.querySelectorAll('.state-word')) shown.textContent = word(state)
}

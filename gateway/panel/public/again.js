// Looks again, while something on the page is under way.
const SOON = 3000

setTimeout(() => location.replace(location.pathname), SOON)

// Which language a request is answered in: the switch's cookie, else Accept-Language, else English.
import { en, type Sentences } from './en.ts'
import { fr } from './fr.ts'

export const LANGUAGES = ['en', 'fr'] as const
export type Language = (typeof LANGUAGES)[number]
export type Sentence = keyof Sentences

const CATALOGUES: Record<Language, Sentences> = { en, fr }

export function isLanguage(text: string | undefined): text is Language {
  return text === 'en' || text === 'fr'
}

/** RFC 9110 section 12.5.4; of equal weights the first wins. */
export function pickLanguage(cookie: string | undefined, header: string | undefined): Language {
  if (isLanguage(cookie)) return cookie
  const wishes = (header ?? '').slice(0, 1000).split(',').map(parseWish)
  const best = wishes.filter(wish => isLanguage(wish.tag) && wish.weight > 0).sort((a, b) => b.weight - a.weight)[0]
  return isLanguage(best?.tag) ? best.tag : 'en'
}

function parseWish(text: string): { tag: string; weight: number } {
  const [tag = '', ...parameters] = text.trim().toLowerCase().split(';')
  const quality = parameters.map(parameter => /^\s*q=([0-9.]+)\s*$/.exec(parameter)?.[1]).find(found => found !== undefined)
  return { tag: tag.split('-')[0] ?? '', weight: quality === undefined ? 1 : Number(quality) }
}

export type Say = (sentence: Sentence, values?: Record<string, string | number>) => string

/** The catalogue of `language` as a function; `{name}` in a sentence is replaced by `values.name`. */
export function speaker(language: Language): Say {
  const catalogue = CATALOGUES[language]
  return (sentence, values = {}) =>
    catalogue[sentence].replace(/\{(\w+)\}/g, (whole, key: string) => String(values[key] ?? whole))
}

// The card that takes an archive: it says what to type in a terminal instead, which begins with the address the visitor came by.
import type { Card } from './section.ts'

export const uploadCard: Card = { view: 'upload', data: (_room, request) => ({ origin: `${request.protocol}://${request.host}` }) }

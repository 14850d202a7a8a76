// The words that answers of the API are described with. What a call answers stands at its route (../api), is held to the desk's types by the compiler, and is
// published by ../api/openapi.ts.
import { Type, type TProperties, type TSchema } from '@fastify/type-provider-typebox'

/** An object that the description names once and refers to. */
export const shape = <T extends TProperties>(title: string, properties: T) => Type.Object(properties, { title })

export const text = Type.String()
export const whole = Type.Integer()
export const flag = Type.Boolean()
export const moment = Type.Integer({ description: 'milliseconds since 1970' })
export const bytes = Type.Integer({ description: 'bytes' })
export const texts = Type.Array(Type.String())

export const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

/** One of these words. */
export const word = <T extends string>(...words: T[]) => Type.Unsafe<T>({ type: 'string', enum: words })

/** 204. */
export const nothing = Type.Unsafe<undefined>({ type: 'null', description: 'done' })

/** 101. */
export const switched = Type.Unsafe<undefined>({ type: 'null', description: 'the socket carries something else from here on' })

/** An answer that isn't JSON: a download, a log, a stream. */
export const stream = (type: string, description: string) => ({ description, content: { [type]: { schema: { type: 'string' } } } })

/**
 * V8 makes `String.prototype` a slow object when a class extends String, as one of the Redis client's does, and does not make it a fast one again as long as only
 * plain strings are used: from then on no method of any string in the process is inlined (docs/decisions/0032). To look a method up on a String object ends that.
 */
export function makeStringMethodsFast(): void {
  for (let count = 0; count < lookups; count++) methodOf(Object(`${count}`))
}

/** V8 acts when it meets a lookup that it has prepared nothing for: none, or one of other objects. */
const lookups = 100

function methodOf(text: string): unknown {
  return text.slice
}

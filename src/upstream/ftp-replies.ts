import type { FTPContext } from 'basic-ftp'

/** Longest reply that is read (CORRECTNESS T23). */
const maxReplyLength = 8 * 1024

/** The parts of basic-ftp's reader that are taken in hand here. */
interface Reader {
  _task: object | undefined
  _partialResponse: string
  _onControlSocketData(text: string): void
  _passToHandler(reply: unknown): void
}

/**
 * basic-ftp takes the part of a line that arrived for the whole (`213 12` of `213 12345`), so it is given whole lines
 * only. A reply that does not end is refused early, and one that nobody asked for ends the connection: it would be taken
 * for the answer to the next command. Answers whether a part of a reply is waiting.
 */
export function readWholeReplies(context: FTPContext): () => boolean {
  const reader = context as unknown as Reader
  const read = reader._onControlSocketData.bind(context)
  const pass = reader._passToHandler.bind(context)
  let part = ''
  reader._onControlSocketData = (text) => {
    part += text
    const end = part.lastIndexOf('\n') + 1
    const whole = part.slice(0, end)
    part = part.slice(end)
    if (part.length + whole.length + reader._partialResponse.length > maxReplyLength) {
      return context.closeWithError(new Error(`A reply exceeded ${maxReplyLength} bytes`))
    }
    if (whole !== '') read(whole)
  }
  reader._passToHandler = (reply) => {
    const isUnasked = reader._task === undefined && typeof (reply as { code?: unknown }).code === 'number'
    if (isUnasked) context.closeWithError(new Error('A reply came that nobody asked for'))
    else pass(reply)
  }
  return () => part !== '' || reader._partialResponse !== ''
}

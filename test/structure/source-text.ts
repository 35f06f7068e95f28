import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'

/** The repository's top folder, with a trailing slash. */
export const top = join(import.meta.dirname, '../../')

export const readText = (path: string): string => readFileSync(top + path, 'utf8')

const git = (...parameters: string[]): string => execFileSync('git', parameters, { cwd: top, encoding: 'utf8' })

/** Paths of all files that are committed or would be (not ignored, and still there), from the top folder. */
export function projectFiles(...folders: string[]): string[] {
  const gone = new Set(git('ls-files', '--deleted', '-z').split('\0'))
  const listed = git('ls-files', '--cached', '--others', '--exclude-standard', '-z', '--', ...folders).split('\0')
  return [...new Set(listed)].filter((path) => path !== '' && !gone.has(path)).sort()
}

export const sourceFiles = (...folders: string[]): string[] =>
  projectFiles(...folders).filter((path) => path.endsWith('.ts'))

const wordsBeforeRegExp = /(?:^|[=(,:;!&|?{}[\n+*%~^<>-]|=>|\b(?:return|typeof|case|in|of|void|delete|throw|await))\s*$/

/** Index just after the quoted text that begins at `start` with `quote`. */
function endOfQuoted(text: string, start: number, quote: string): number {
  let inClass = false
  for (let at = start + 1; at < text.length; at++) {
    const letter = text[at]
    if (letter === '\\') at++
    else if (quote === '/' && letter === '[') inClass = true
    else if (quote === '/' && letter === ']') inClass = false
    else if (letter === quote && !inClass) return at + 1
  }
  return text.length
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ')

export type Masked = 'comments' | 'comments and literals'

/**
 * `text` with comments, and on wish the insides of strings, templates and regular expressions, turned to spaces; lines and
 * columns stay. Limit: a regular expression is told from a division by the character before it, as most highlighters do.
 */
export function mask(text: string, what: Masked): string {
  const literal = (from: number, to: number): string =>
    what === 'comments' ? text.slice(from, to) : text[from] + blank(text.slice(from + 1, to - 1)) + text[to - 1]
  let out = ''
  const templates: number[] = []
  let braces = 0
  for (let at = 0; at < text.length; ) {
    const two = text.slice(at, at + 2)
    const one = text[at]!
    let end = at + 1
    if (two === '//' || two === '/*') {
      const found = two === '//' ? text.indexOf('\n', at) : text.indexOf('*/', at) + 2
      end = found < 2 ? text.length : found
      out += blank(text.slice(at, end))
    } else if (one === "'" || one === '"' || (one === '/' && wordsBeforeRegExp.test(out.slice(-40)))) {
      end = endOfQuoted(text, at, one)
      out += literal(at, end)
    } else if (one === '`' || (one === '}' && templates.at(-1) === braces)) {
      if (one === '}') templates.pop()
      end = endOfTemplatePart(text, at)
      if (text[end - 1] === '{') templates.push(braces)
      out += literal(at, end)
    } else {
      if (one === '{') braces++
      if (one === '}') braces--
      out += one
    }
    at = end
  }
  return out
}

/** Index just after the part of a template that begins at `start`: behind its back-quote, or behind the brace of `${`. */
function endOfTemplatePart(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '`') return at + 1
    else if (text[at] === '$' && text[at + 1] === '{') return at + 2
  }
  return text.length
}

export interface Import {
  readonly from: string
  /** As written: `./exchange.ts`, `node:fs`, `undici`. */
  readonly specifier: string
  /** The file it names, from the top folder; `undefined` for packages. */
  readonly file: string | undefined
}

/** Every import, re-export and dynamic import of `path` whose specifier is written out. */
export function importsOf(path: string): Import[] {
  const text = mask(readText(path), 'comments')
  const found = text.matchAll(
    /(?:^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*|^\s*import\s*|\bimport\s*\(\s*)(['"])([^'"]+)\1/gm,
  )
  return [...found].map(([, , specifier]) => {
    const relative = specifier!.startsWith('.')
    return { from: path, specifier: specifier!, file: relative ? join(path, '..', specifier!) : undefined }
  })
}

export interface FunctionSize {
  readonly name: string
  readonly line: number
  readonly lines: number
}

const controlWords = new Set(['if', 'for', 'while', 'switch', 'catch', 'with'])

/** Index of the bracket that closes the one at `start`. */
function closing(code: string, start: number): number {
  let depth = 0
  for (let at = start; at < code.length; at++) {
    if ('({['.includes(code[at]!)) depth++
    else if (')}]'.includes(code[at]!) && --depth === 0) return at
  }
  return code.length
}

/** Index of the bracket that opens the one at `end`. */
function opening(code: string, end: number): number {
  let depth = 0
  for (let at = end; at >= 0; at--) {
    if (')}]'.includes(code[at]!)) depth++
    else if ('({['.includes(code[at]!) && --depth === 0) return at
  }
  return 0
}

/**
 * Lines of every function with a body in braces, from the line of its parameters to the closing brace, inner functions
 * included. Works on the text without types: a brace opens a body when `=>` or the `)` of a parameter list stands before it.
 * Limits: an arrow function without braces is part of what surrounds it; a name is looked for on the first line only.
 */
export function functionSizes(text: string): FunctionSize[] {
  const code = mask(stripTypeScriptTypes(text), 'comments and literals')
  const sizes: FunctionSize[] = []
  for (const match of code.matchAll(/(=>|\))\s*\{/g)) {
    const brace = match.index + match[0].length - 1
    const before = match[1] === ')' ? match.index : code.slice(0, match.index).trimEnd().length - 1
    const start = code[before] === ')' ? opening(code, before) : before
    const head = code.slice(code.lastIndexOf('\n', start) + 1, start)
    const word = /([\w$#]+)\s*$/.exec(head)?.[1] ?? ''
    if (match[1] === ')' && controlWords.has(word)) continue
    const line = code.slice(0, start).split('\n').length
    const lines = code.slice(start, closing(code, brace)).split('\n').length
    sizes.push({ name: /(?:const|function\*?|async)\s+([\w$]+)/.exec(head)?.[1] ?? (word || 'anonymous'), line, lines })
  }
  return sizes
}

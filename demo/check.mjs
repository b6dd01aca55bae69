// The demo's truth test: asks the running query API about every row of the source, and compares.
//
//   F6_TOKEN=… [F6_QUERY_URL=http://127.0.0.1:8082/graphql] node demo/check.mjs REPORT
//
// REPORT is what the import wrote: one JSON object a line, `{ line, id, outcome, code, rule, message }`.
// Each row is asked about twice: on the day since when it is valid with the knowledge of the day of its registration, and now.
// An answer must be exactly what the rules of the two lines (lines.mjs) make of the rows.
// Where that differs from what the row itself says, the rule that makes it so is named; a difference without one fails.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'

import { convert, SOURCE } from './convert.mjs'
import { Explainer } from './explain.mjs'
import { Register } from './lines.mjs'
import { FRAGMENT, normal, saysOf } from './says.mjs'
import { readRecords } from './source.mjs'

const BATCH = 50
const FOREVER = '9999-12-31'
const TODAY = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Amsterdam' }).format(new Date())

/**
 * Checks every row: `ask(query)` answers GraphQL, `refusals` has what the import refused, by event id.
 * Gives one result for each row and moment: `{ trace, when, verdict: agrees | explained | failed, rule, because }`.
 */
export async function check(ask, refusals) {
  const { acts, rows } = convert(readRecords(SOURCE))
  const register = new Register(acts, new Set(refusals.keys()))
  const explainer = new Explainer(register, refusals)
  const questions = rows.filter(canBeAsked).flatMap(questionsOf)
  const answers = await answersTo(new Set(questions.map(({ query }) => query)), ask)
  const results = questions.map((question) => judge(question, answers.get(question.query), register, explainer))
  return [...results, ...rows.filter((trace) => !canBeAsked(trace)).map(notAsked)]
}

/** A row that became no event can be asked about where it says of which field it would have been the value. */
const canBeAsked = ({ act, category, slot }) => act || (category === 'parents' ? slot : category !== 'nationalities')

const notAsked = (trace) => ({ trace, when: 'then', verdict: 'explained', rule: 'the row became no event', because: trace.problem })

function questionsOf(trace) {
  const { asOf, agrees } = saysOf(trace)
  const id = JSON.stringify(trace.person)
  return [
    { trace, agrees, when: 'then', point: { asOf, knownAt: trace.day }, query: `persoon(id: ${id}, asOf: "${asOf}", knownAt: "${trace.day}")` },
    { trace, agrees, when: 'now', point: { asOf: TODAY, knownAt: FOREVER }, query: `persoon(id: ${id})` },
  ]
}

async function answersTo(queries, ask) {
  const all = [...queries]
  const answers = new Map()
  for (let start = 0; start < all.length; start += BATCH) {
    const batch = all.slice(start, start + BATCH)
    const data = await ask(`{ ${batch.map((query, index) => `p${index}: ${query} { ...F }`).join('\n')} }\n${FRAGMENT}`)
    batch.forEach((query, index) => answers.set(query, normal(data[`p${index}`])))
  }
  return answers
}

function judge({ trace, agrees, when, point }, answer, register, explainer) {
  const result = { trace, when }
  for (const [field, agree] of Object.entries(agrees)) {
    const expected = register.value(trace.person, field, point.asOf, point.knownAt)
    if (!isDeepStrictEqual(answer[field], expected)) {
      const because = `${field} is ${JSON.stringify(answer[field])}, and the rules give ${JSON.stringify(expected)}`
      return { ...result, verdict: 'failed', rule: 'the answer is not what the rules give', because, point }
    }
    if (agree(answer[field], answer)) continue
    const reason = explainer.explain(trace, field, point)
    if (reason) return { ...result, verdict: 'explained', ...reason }
    return { ...result, verdict: 'failed', rule: 'no rule explains the difference', because: `${field} is ${JSON.stringify(answer[field])}`, point }
  }
  return { ...result, verdict: 'agrees' }
}

/** Puts a question to the query API. */
async function askServer(query) {
  const url = process.env.F6_QUERY_URL ?? 'http://127.0.0.1:8082/graphql'
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${process.env.F6_TOKEN}` }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) })
  const body = await response.text()
  const { data, errors } = response.ok ? JSON.parse(body) : { errors: `${response.status} ${body}` }
  if (errors) throw new Error(`${url} answered: ${JSON.stringify(errors).slice(0, 1000)}`)
  return data
}

/** What an import refused, by event id. */
function readReport(path) {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line))
  return new Map(lines.filter(({ outcome }) => outcome === 'refused').map((line) => [line.id, line]))
}

/** Lists what differs, each with its explanation: what took the place of a row since then is history, and is only counted. */
export function report(results, write) {
  for (const { trace, when, verdict, rule, because, point } of results) {
    if (verdict === 'agrees' || (verdict === 'explained' && when === 'now')) continue
    const where = `${trace.bsn} ${trace.category}[${trace.index}]`
    write(`${verdict === 'failed' ? 'FAILED ' : ''}${where}, ${when}: ${rule} (${because})${point ? ` at ${JSON.stringify(point)}` : ''}`)
  }
  write('')
  for (const [line, count] of counts(results)) write(`${String(count).padStart(6)}  ${line}`)
  const failed = results.filter(({ verdict }) => verdict === 'failed').length
  write('')
  write(`${results.length - failed} passed, ${failed} failed`)
  return failed
}

function counts(results) {
  const all = new Map()
  for (const { when, verdict, rule } of results) {
    const line = `${when === 'then' ? 'as known when it was registered' : 'now'}: ${verdict}${rule ? `, ${rule}` : ''}`
    all.set(line, (all.get(line) ?? 0) + 1)
  }
  return [...all].sort()
}

async function main() {
  const path = process.argv[2]
  if (!path || !process.env.F6_TOKEN) throw new Error('usage: F6_TOKEN=… node demo/check.mjs REPORT')
  const results = await check(askServer, readReport(path))
  process.exitCode = report(results, (line) => console.log(line)) > 0 ? 1 : 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()

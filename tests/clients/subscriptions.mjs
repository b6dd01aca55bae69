// Drives the official clients of `graphql-transport-ws` and of GraphQL over server-sent events against a query API with
// one birth: F6_QUERY_URL, F6_WRITE_URL and F6_TOKEN say where, and by whom.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import WebSocket from 'ws';

const { F6_QUERY_URL: url, F6_WRITE_URL: writeUrl, F6_TOKEN: token } = process.env;
const Authorization = `Bearer ${token}`;
const FOLLOW = 'subscription Follow($after: String) { eventAdded(after: $after) { position cursor event { eventType } } }';

const overWebSocket = (options = {}) =>
  createWsClient({
    url: url.replace('http:', 'ws:'),
    webSocketImpl: WebSocket,
    connectionParams: { Authorization },
    retryAttempts: 0,
    ...options,
  });
const overEvents = (options = {}) =>
  createSseClient({ url, headers: { Authorization }, retryAttempts: 0, ...options });

async function take(results, count) {
  const taken = [];
  for await (const { data, errors } of results) {
    assert.equal(errors, undefined);
    if (taken.push(data.eventAdded) === count) break;
  }
  return taken;
}

async function registerBirth() {
  const query = `mutation($input: ClaimGeboorteInput!) { claimGeboorte(input: $input) { refusals { message } } }`;
  const data = { kind: randomUUID(), datum: '2026-01-01', naam: { voornamen: 'Dirk', geslachtsnaam: 'Jansen' } };
  const response = await fetch(writeUrl, {
    method: 'POST',
    headers: { Authorization, 'Content-Type': 'application/json' },
    body: JSON.stringify({ query, variables: { input: { data, validate: true } } }),
  });
  assert.deepEqual((await response.json()).data.claimGeboorte.refusals, []);
}

// What holds for a client of either protocol.
async function follows(client, from) {
  const all = await take(client.iterate({ query: FOLLOW, variables: { after: '0' } }), from);
  assert.deepEqual(all.map(({ position }) => position), Array.from({ length: from }, (_, index) => index + 1));
  const live = take(client.iterate({ query: FOLLOW, variables: { after: all.at(-1).cursor } }), 2);
  await registerBirth();
  assert.deepEqual((await live).map(({ position }) => position), [from + 1, from + 2]);

  const answer = await client.iterate({ query: '{ events(first: 1) { edges { node { eventType } } } }' }).next();
  assert.equal(answer.value.data.events.edges[0].node.eventType, 'Geboorte');
}

const ws = overWebSocket();
await follows(ws, 2);
// A document that is wrong ends its operation with an error, and the connection stays.
await assert.rejects(ws.iterate({ query: 'subscription { oeps }' }).next(), (errors) => {
  assert.equal(errors[0].extensions.code, 'VALIDATION_FAILED');
  return true;
});
await follows(ws, 4);
await ws.dispose();

await assert.rejects(
  overWebSocket({ connectionParams: { Authorization: 'Bearer x.y.z' } }).iterate({ query: FOLLOW }).next(),
  { code: 4403 },
);

const sse = overEvents();
await follows(sse, 6);
const wrong = await sse.iterate({ query: 'subscription { oeps }' }).next();
assert.equal(wrong.value.errors[0].extensions.code, 'VALIDATION_FAILED');
sse.dispose();
await assert.rejects(overEvents({ headers: {} }).iterate({ query: FOLLOW }).next(), (error) => {
  assert.equal(error.response.status, 401);
  return true;
});

console.log('every check of both clients holds');

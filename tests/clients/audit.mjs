// Runs the reference audit of GraphQL over HTTP against the server at F6_URL, with the token F6_TOKEN, and prints its results as JSON.
import { serverAudits } from 'graphql-http';

const { F6_URL: url, F6_TOKEN: token } = process.env;
const fetchFn = (input, init = {}) =>
  fetch(input, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } });

const results = [];
for (const audit of serverAudits({ url, fetchFn })) {
  const { id, name, status, reason } = await audit.fn();
  results.push({ id, name, status, reason });
}
console.log(JSON.stringify(results));

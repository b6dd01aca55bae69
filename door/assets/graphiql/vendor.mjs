// Renews the vendored GraphiQL from the npm package @graphql-yoga/render-graphiql:
//
//   npm install --prefix DIRECTORY @graphql-yoga/render-graphiql@5.24.1 && node vendor.mjs DIRECTORY
//
// The package is one bundle of strings, made to be pasted into a page.
// Here each string becomes a file of its own, so that the page needs no inline script and can forbid every other host.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

const here = import.meta.dirname;
const source = resolve(process.argv[2] ?? '.', 'node_modules/@graphql-yoga/render-graphiql');
const bundle = await import(pathToFileURL(join(source, 'esm/graphiql.js')));
const { version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));

const files = {
  'graphiql.js': bundle.js,
  'graphiql.css': bundle.css,
  'editor.worker.js': bundle.editorWorkerService,
  'json.worker.js': bundle.jsonWorker,
  'graphql.worker.js': bundle.graphqlWorker,
};
for (const [name, text] of Object.entries(files)) {
  writeFileSync(join(here, `${name}.gz`), gzipSync(text, { level: 9 }));
}
copyFileSync(join(source, 'LICENSE'), join(here, 'LICENSE'));
console.log(`vendored @graphql-yoga/render-graphiql ${version}`);

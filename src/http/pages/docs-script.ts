// Owns the script of the docs page. It runs in the browser, so it stands here as text; it builds every node with textContent, so
// that nothing from the document or from an answer is ever read as HTML.

export const DOCS_SCRIPT = String.raw`'use strict';
const METHODS = ['get', 'put', 'post', 'delete'];
let api;
function make(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === 'class') node.className = value; else node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}
function resolve(value) {
  let seen = value;
  while (seen && seen.$ref) seen = seen.$ref.slice(2).split('/').reduce((at, step) => at[step], api);
  return seen || {};
}
function typeOf(schema) {
  if (!schema) return '';
  if (schema.$ref) return schema.$ref.split('/').pop();
  if (schema.enum) return schema.enum.join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const choices = schema.anyOf || schema.oneOf;
  if (choices) return choices.map(typeOf).join(' | ');
  if (schema.type === 'array') return typeOf(schema.items) + '[]';
  return schema.type || 'any';
}
function fieldsTable(schema) {
  const whole = resolve(schema);
  if (!whole.properties) return make('p', { class: 'soft' }, typeOf(schema));
  const required = new Set(whole.required || []);
  const rows = Object.entries(whole.properties).map(([name, field]) => make('tr', {},
    make('td', {}, make('code', {}, name), required.has(name) ? ' *' : ''),
    make('td', {}, typeOf(field)), make('td', {}, resolve(field).description || '')));
  return make('table', {}, ...rows);
}
function inputsOf(operation) {
  return (operation.parameters || []).map(resolve).map((parameter) => {
    const input = make('input', { 'aria-label': parameter.name, placeholder: typeOf(resolve(parameter.schema)) });
    const example = parameter.example ?? resolve(parameter.schema).example;
    if (parameter.required && example !== undefined) input.value = example;
    const row = make('tr', {}, make('td', {}, make('code', {}, parameter.name), parameter.required ? ' *' : ''),
      make('td', {}, parameter.in), make('td', {}, parameter.description || resolve(parameter.schema).description || ''), make('td', {}, input));
    return { parameter, input, row };
  });
}
function requestOf(method, path, inputs, body, contentType) {
  const query = new URLSearchParams();
  const headers = {};
  let target = path;
  for (const { parameter, input } of inputs) {
    if (input.value === '') continue;
    if (parameter.in === 'path') target = target.replace('{' + parameter.name + '}', encodeURIComponent(input.value));
    else if (parameter.in === 'header') headers[parameter.name] = input.value;
    else if (resolve(parameter.schema).type === 'array') for (const one of input.value.split(',')) query.append(parameter.name, one.trim());
    else query.append(parameter.name, input.value);
  }
  const text = body ? body.value.trim() : '';
  if (text !== '') headers['Content-Type'] = contentType;
  const key = document.getElementById('key').value.trim();
  if (key !== '') headers.Authorization = 'Bearer ' + key;
  const asked = query.toString();
  return [target + (asked ? '?' + asked : ''), { method: method.toUpperCase(), headers, body: text === '' ? undefined : text }];
}
async function send(request, output) {
  output.textContent = '…';
  try {
    const started = performance.now();
    const answer = await fetch(...request);
    const text = await answer.text();
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: shown as it is */ }
    const headers = [...answer.headers].map(([name, value]) => name + ': ' + value).join('\n');
    output.textContent = answer.status + ' ' + answer.statusText + '  (' + Math.round(performance.now() - started) + ' ms)\n' + headers + '\n\n' + shown;
  } catch (error) {
    output.textContent = String(error);
  }
}
function bodyOf(operation) {
  const content = operation.requestBody ? resolve(operation.requestBody).content : {};
  const [type] = Object.keys(content);
  if (!type) return null;
  const { schema, example, examples } = content[type];
  const first = example ?? (examples ? Object.values(examples)[0].value : undefined);
  const area = make('textarea', { 'aria-label': 'body', spellcheck: 'false' });
  if (first !== undefined) area.value = typeof first === 'string' ? first : JSON.stringify(first, null, 2);
  return { type, schema, area };
}
function callOf(path, method, operation) {
  const inputs = inputsOf(operation);
  const body = bodyOf(operation);
  const output = make('pre', { 'aria-live': 'polite' }, 'Not sent yet.');
  const button = make('button', { type: 'button' }, 'Send');
  button.addEventListener('click', () => send(requestOf(method, path, inputs, body && body.area, body && body.type), output));
  const answers = Object.entries(operation.responses).map(([status, answer]) =>
    make('tr', {}, make('td', {}, status), make('td', {}, resolve(answer).description || '')));
  return make('details', { class: 'call' },
    make('summary', {}, make('span', { class: 'method' }, method.toUpperCase()), make('span', { class: 'path' }, path), make('span', { class: 'soft' }, operation.summary || '')),
    make('div', {}, make('p', {}, operation.description || ''),
      inputs.length ? make('table', {}, ...inputs.map(({ row }) => row)) : null,
      body ? make('p', {}, make('strong', {}, 'Body '), make('span', { class: 'soft' }, body.type)) : null,
      body ? fieldsTable(body.schema) : null, body ? body.area : null, button, output,
      make('p', {}, make('strong', {}, 'Answers')), make('table', {}, ...answers)));
}
async function show() {
  api = await (await fetch('/openapi.json')).json();
  const main = document.getElementById('main');
  main.replaceChildren(make('h1', {}, api.info.title), make('p', { class: 'soft' }, 'version ' + api.info.version), make('p', {}, api.info.description || ''),
    make('p', {}, make('a', { href: '/openapi.json' }, 'OpenAPI document'), ' · ', make('a', { href: '/problems' }, 'Problems')),
    make('p', {}, make('label', { for: 'key' }, 'Key or token, sent with each call; kept on this page alone '), make('input', { id: 'key', type: 'password', autocomplete: 'off' })));
  for (const tag of api.tags) {
    main.append(make('h2', {}, tag.name), make('p', { class: 'soft' }, tag.description || ''));
    for (const [path, item] of Object.entries(api.paths)) {
      for (const method of METHODS) {
        if (item[method] && item[method].tags.includes(tag.name)) main.append(callOf(path, method, item[method]));
      }
    }
  }
}
show().catch((error) => { document.getElementById('main').textContent = String(error); });`;

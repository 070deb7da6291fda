import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

const ajv = new Ajv2020({ strict: false });

/** A document that a command printed must be what its published schema says, no key more and none less. */
export function assertDocument(text: string): Record<string, unknown> {
  const document = JSON.parse(text) as Record<string, unknown>;
  const name = /^vfioctl\/([\w-]+)\/1$/.exec(String(document.schema))?.[1];
  assert.ok(name, `the document names its schema: ${document.schema}`);
  const path = new URL(`../../schemas/${name}.json`, import.meta.url);
  if (!ajv.getSchema(name)) ajv.addSchema(JSON.parse(readFileSync(path, 'utf8')), name);
  const validate = ajv.getSchema(name)!;
  assert.ok(validate(document), `${name}: ${ajv.errorsText(validate.errors)}`);
  return document;
}

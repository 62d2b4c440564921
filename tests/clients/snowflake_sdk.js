// snowflake-sdk for Node against the Snowflake server.
'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const snowflake = require('snowflake-sdk');

const endpoints = JSON.parse(process.argv[2]);
snowflake.configure({ logLevel: 'ERROR' });

const connection = snowflake.createConnection({
  account: 'any',
  username: 'any',
  password: 'any',
  accessUrl: endpoints.snowflake.url,
});

function execute(sqlText, binds) {
  return new Promise((resolve, reject) => {
    connection.execute({
      sqlText,
      binds,
      complete: (error, statement, rows) => (error ? reject(error) : resolve({ statement, rows })),
    });
  });
}

const rows = async (sqlText, binds) => (await execute(sqlText, binds)).rows;

async function s3(method, key, body) {
  const response = await fetch(`${endpoints.s3.url}/${key}`, { method, body });
  assert.ok(response.ok, `${method} ${key}: ${response.status}`);
}

async function main() {
  await new Promise((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())));
  await execute('create database shop');
  await execute('create schema shop.staging');
  await execute('use schema shop.staging');

  await execute(
    'create table kinds (a number, b number(12,3), c float, d boolean, e varchar, f date, g timestamp_ntz, h variant)',
  );
  await execute(
    `insert into kinds select 1, 1.125, -0.5, true, 'größe', '2024-02-29', '2024-02-29 12:34:56', parse_json('{"a": [1]}')`,
  );
  await execute('insert into kinds (a) values (2)');
  const [first, second] = await rows('select * from kinds order by a');
  assert.strictEqual(first.A, 1);
  assert.strictEqual(first.B, 1.125);
  assert.strictEqual(first.C, -0.5);
  assert.strictEqual(first.D, true);
  assert.strictEqual(first.E, 'größe');
  assert.strictEqual(new Date(first.F).toISOString(), '2024-02-29T00:00:00.000Z');
  assert.strictEqual(new Date(first.G).toISOString(), '2024-02-29T12:34:56.000Z');
  assert.deepStrictEqual(first.H, { a: [1] });
  assert.deepStrictEqual(
    second,
    { A: 2, B: null, C: null, D: null, E: null, F: null, G: null, H: null },
  );

  await execute('create table many (id int, name varchar)');
  const binds = Array.from({ length: 100 }, (_, n) => [n, `n${n}`]);
  await execute('insert into many values (?, ?)', binds);
  assert.deepStrictEqual(await rows('select count(*) as n, sum(id) as s from many'), [{ N: 100, S: 4950 }]);
  assert.deepStrictEqual(await rows('select name from many where id = ?', [7]), [{ NAME: 'n7' }]);
  const changed = await execute('update many set name = null where id < 10');
  assert.strictEqual(changed.statement.getNumUpdatedRows(), 10);
  assert.strictEqual((await rows('select a.id from many a, many b')).length, 10000);

  // an internal stage
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dwsim-node-'));
  try {
    fs.writeFileSync(path.join(folder, 'orders.csv'), 'id,name\n1,one\n2,two\n');
    await execute('create stage inner_stage file_format = (type = csv skip_header = 1)');
    const uploaded = await rows(`put 'file://${folder}/orders.csv' @inner_stage overwrite = true`);
    assert.strictEqual(uploaded[0].status, 'UPLOADED');
    await execute('create table loaded (id int, name varchar)');
    await execute('copy into loaded from @inner_stage');
    assert.deepStrictEqual(await rows('select name from loaded order by id'), [{ NAME: 'one' }, { NAME: 'two' }]);
    await execute(`get @inner_stage 'file://${folder}/'`);
    assert.ok(fs.existsSync(path.join(folder, 'orders.csv.gz')));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }

  // S3
  await s3('PUT', 'node-staging');
  await s3('PUT', 'node-staging/in/a.csv', '3,three\n4,four\n');
  await execute(
    `copy into loaded from 's3://node-staging/in/' credentials = (aws_key_id = 'any' aws_secret_key = 'secret') file_format = (type = csv)`,
  );
  assert.deepStrictEqual(await rows('select count(*) as n from loaded'), [{ N: 4 }]);

  // errors
  for (const [statement, code] of [
    ['select * from nowhere', '002003'],
    ['select nothing from many', '000904'],
    ['selec 1', '001003'],
    ['select 1/0', '100051'],
  ]) {
    await assert.rejects(execute(statement), (error) => {
      assert.strictEqual(error.code, code, `${statement}: ${error.message}`);
      return true;
    });
  }
  assert.deepStrictEqual(await rows('select 1 as a'), [{ A: 1 }]);
  await new Promise((resolve, reject) => connection.destroy((error) => (error ? reject(error) : resolve())));
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);

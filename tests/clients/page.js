// The control plane's page in Chromium: the stories by mouse and keyboard, no violation of its policy, nothing wider
// than a phone. DWSIM_SCREENSHOTS names a folder for pictures of every page, light and dark, wide and narrow.
"use strict";
const assert = require("node:assert");
const path = require("node:path");
const { chromium } = require("playwright-core");

const endpoints = JSON.parse(process.argv[2]);
const base = endpoints.control.url;
const pictures = process.env.DWSIM_SCREENSHOTS;

const DDL = `create table store (store_id bigint identity(1,1) primary key, city varchar(40) not null, opened date);
create table sale (region_id int, sale_id int, store_id bigint references store, amount decimal(8,2),
  sold_at timestamp, primary key (region_id, sale_id)) distkey(store_id);`;

async function main() {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(String(error)));

  let taken = 0;
  async function look(name) {
    const schemes = pictures ? ["light", "dark"] : ["light"];
    for (const width of [1280, 375]) {
      await page.setViewportSize({ width, height: 900 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${name} is ${wide} pixels wider than ${width}`);
      for (const colorScheme of schemes) {
        await page.emulateMedia({ colorScheme });
        if (pictures) {
          const file = path.join(pictures, `${String(taken).padStart(2, "0")}-${name}-${width}-${colorScheme}.png`);
          await page.screenshot({ path: file, fullPage: true });
        }
      }
    }
    taken += 1;
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 1280, height: 900 });
  }

  await page.goto(base + "/");
  await look("empty");
  // by keyboard alone: the first stop is the way past the navigation
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "To the content");
  await page.click("text=From SQL");
  await page.fill("#text", "create table a (\n  id int primary key,\n  x intt\n);");
  await page.click("button:text('Check')");
  await page.waitForSelector(".finding.error");
  assert.match(await page.textContent(".finding.error"), /line 3, column/);
  await look("diagnostics");
  await page.fill("#name", "shop");
  await page.fill("#text", DDL);
  await page.check("input[name=surrogate_keys]");
  await page.click("button:text('Check')");
  await page.waitForSelector("text=How it is understood");
  assert.equal(await page.inputValue("#name"), "shop");
  assert.match(await page.textContent("#interpretation"), /_row_id/);
  await look("interpretation");
  await page.click("button:text('Create')");
  await page.waitForURL("**/experiments/shop");
  await look("created");

  await page.fill("input[name='rows.sale']", "60000");
  await page.click("button:text('Generate and load')");
  await page.waitForURL("**/runs/*");
  await look("run");
  // the end comes by server-sent events, without a reload
  await page.waitForSelector(".tag.ok:text('done')", { timeout: 60000 });
  assert.match(await page.textContent("main"), /60.000 of 60.000/);
  await look("done");
  await page.click("text=To the experiment");
  await look("experiment");
  await page.click("tr:has-text('sale') >> text=Preview");
  await page.waitForSelector("article.card svg.plot", { timeout: 30000 });
  assert.ok((await page.locator("svg.plot .bar").count()) > 10);
  await look("table");
  await page.click("nav.tabs >> text=snowflake");
  await page.waitForSelector("article.card svg.plot");

  await page.goto(base + "/experiments/shop/query");
  await page.fill("#sql", "select store_id, count(*) as sales, avg(region_id) as region from sale group by 1 order by 1");
  await page.focus("#sql");
  for (let i = 0; i < 2; i += 1) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#result");
  assert.match(await page.textContent("#result"), /The warehouses differ/);
  await look("differ");
  await page.fill("#sql", "select sale_id, amount, '<img src=x onerror=alert(1)>' as hostile from sale order by region_id, sale_id limit 120");
  await page.click("button:text('Run')");
  await page.waitForSelector("text=Both warehouses agree");
  assert.equal(await page.locator("#result img").count(), 0);
  await page.click("text=Next");
  await page.waitForSelector("text=Page 2 of 3");
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#result >> text=CSV").first().click()]);
  assert.match(download.suggestedFilename(), /\.csv$/);
  await look("agree");
  await page.fill("#sql", "select nope from sale");
  await page.click("button:text('Run')");
  await page.waitForSelector("#result .note.bad");
  await look("refused");

  await page.goto(base + "/status");
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.click("button[data-copy]");
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^psql postgres:/);
  await look("status");
  await page.goto(base + "/snapshots");
  await look("snapshots");
  await page.goto(base + "/");
  await look("list");

  await page.goto(base + "/experiments/shop");
  await page.click("summary:text('Delete this experiment')");
  await page.click("button:text('Delete shop')");
  await page.waitForSelector("text=Deleted, with");
  assert.deepEqual(faults, []);
  assert.equal((await page.goto(base + "/experiments/shop")).status(), 404);
  await look("missing");
  await browser.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
